import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { ObjectStoreBackend } from "@state/core";
import { MemoryStore } from "@state/memory";
import { expect, test } from "vitest";

/** The guide's functions, as they stand there. */
interface Guide {
  readonly vnodeOf: (key: string, vnodes: number) => number;
  readonly rescale: (
    backend: ObjectStoreBackend,
    savepoint: string,
    version: number,
    vnodes: number,
  ) => Promise<number>;
}

const keys = Array.from({ length: 200 }, (_, index) => `key-${index}`);

function encoded(entries: readonly (readonly [string, number])[]): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(entries));
}

test("eight vnodes become twelve, from a savepoint that prunes and a takeover have passed", async () => {
  const page = await readFile(resolve(import.meta.dirname, "../../../docs/guide.md"), "utf8");
  const [, code = ""] = /^```ts\n((?:(?!^```).)*export async function rescale\(.*?)^```$/ms.exec(page) ?? [];
  const scratch = await mkdtemp(join(import.meta.dirname, "../.snippets-"));
  try {
    await writeFile(join(scratch, "rescale.ts"), code);
    const { rescale, vnodeOf } = (await import(join(scratch, "rescale.ts"))) as Guide;
    const store = new MemoryStore();
    const open = (): Promise<ObjectStoreBackend> =>
      ObjectStoreBackend.open({ store, instanceId: "job", vnodeCapacity: 64 });

    const eight = await open();
    const { nextEpoch } = await eight.takeover({ version: 1 });
    const seal = async (epoch: number, factor: number): Promise<void> => {
      const parts = await Promise.all(
        Array.from({ length: 8 }, (_, vnode) => {
          const own = keys.filter((key) => vnodeOf(key, 8) === vnode);
          const bytes = encoded(own.map((key) => [key, key.length * factor] as const));
          return eight.writePartial({ epoch, vnode, assignmentVersion: 1, bytes });
        }),
      );
      expect(await eight.epochComplete({ epoch, parts })).toMatchObject({ complete: true });
    };
    await seal(nextEpoch, 1);
    await eight.pin({ epoch: nextEpoch, name: "before" });
    for (const later of [1, 2, 3]) await seal(nextEpoch + later, 1 + later);
    await eight.prune({ keep: 1 });

    const twelve = await open();
    const epoch = await rescale(twelve, "before", 2, 12);

    const sealed = await twelve.sealed(epoch);
    expect(sealed?.vnodes).toEqual(Array.from({ length: 12 }, (_, vnode) => vnode));
    const values = new Map<string, number>();
    for (let vnode = 0; vnode < 12; vnode++) {
      const entries = JSON.parse(new TextDecoder().decode(await sealed?.read(vnode))) as [string, number][];
      for (const [key, value] of entries) {
        expect(vnodeOf(key, 12)).toBe(vnode);
        values.set(key, value);
      }
    }
    expect(values).toEqual(new Map(keys.map((key) => [key, key.length])));
  } finally {
    await rm(scratch, { recursive: true });
  }
});
