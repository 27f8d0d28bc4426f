import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { ObjectStoreBackend } from "@state/core";
import type { PartialReceipt } from "@state/core";
import { MemoryStore } from "@state/memory";
import { expect, test } from "vitest";

interface Order {
  readonly version: number;
  readonly base: number | undefined;
  readonly vnodes: readonly number[];
}

/** The guide's functions, as they stand there. */
interface Guide {
  readonly workerDied: (
    backend: ObjectStoreBackend,
    survivors: readonly ((order: Order) => Promise<void>)[],
    vnodes: readonly number[],
  ) => Promise<{ readonly version: number; readonly epoch: number }>;
  readonly restore: (backend: ObjectStoreBackend, order: Order) => Promise<Map<number, Uint8Array>>;
}

const vnodes = [0, 1, 2, 3];
function write(worker: ObjectStoreBackend, epoch: number, vnode: number): Promise<PartialReceipt> {
  const bytes = new TextEncoder().encode(`vnode ${vnode} of epoch ${epoch}`);
  return worker.writePartial({ epoch, vnode, assignmentVersion: worker.authoritativeVersion, bytes });
}

const textOf = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);

test("a worker dies in an epoch: the others go on from the newest seal with its vnodes, and it is refused", async () => {
  const page = await readFile(resolve(import.meta.dirname, "../../../docs/guide.md"), "utf8");
  const [, code = ""] =
    /^```ts\n((?:(?!^```).)*export async function workerDied\(.*?)^```$/ms.exec(page) ?? [];
  const scratch = await mkdtemp(join(import.meta.dirname, "../.snippets-"));
  try {
    await writeFile(join(scratch, "worker-died.ts"), code);
    const { restore, workerDied } = (await import(join(scratch, "worker-died.ts"))) as Guide;
    const store = new MemoryStore();
    const open = (instanceId: string): Promise<ObjectStoreBackend> =>
      ObjectStoreBackend.open({ store, instanceId, vnodeCapacity: 4 });
    const leader = await open("leader");
    const first = await leader.takeover({ version: 1 });
    const [survivor, dead] = [await open("worker-0"), await open("worker-1")];
    const parts = [
      await write(survivor, first.nextEpoch, 0),
      await write(survivor, first.nextEpoch, 1),
      await write(dead, first.nextEpoch, 2),
      await write(dead, first.nextEpoch, 3),
    ];
    expect(await leader.epochComplete({ epoch: first.nextEpoch, parts })).toMatchObject({ complete: true });
    const open1 = first.nextEpoch + 1;
    await write(survivor, open1, 0);
    await write(dead, open1, 2);

    let state = new Map<number, Uint8Array>();
    const send = async (order: Order): Promise<void> => {
      state = await restore(survivor, order);
    };
    const { version, epoch } = await workerDied(leader, [send], vnodes);

    expect(version).toBe(2);
    expect([...state].map(([vnode, bytes]) => [vnode, textOf(bytes)])).toEqual(
      vnodes.map((vnode) => [vnode, `vnode ${vnode} of epoch ${first.nextEpoch}`]),
    );
    expect(await leader.describeEpoch(open1)).toMatchObject({ state: "void" });
    const late = await write(dead, epoch, 2);
    const own = await Promise.all([0, 1, 3].map((vnode) => write(survivor, epoch, vnode)));
    await expect(leader.epochComplete({ epoch, parts: [...own, late] })).rejects.toMatchObject({
      code: "StaleVersion",
    });
    const whole = [...own, await write(survivor, epoch, 2)];
    expect(await leader.epochComplete({ epoch, parts: whole })).toMatchObject({ complete: true });
    expect(textOf(await (await leader.sealed(epoch))?.read(2))).toBe(`vnode 2 of epoch ${epoch}`);
  } finally {
    await rm(scratch, { recursive: true });
  }
});
