import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { type EpochCompleteArguments, ObjectStoreBackend, type PartialReceipt } from "@state/core";
import { MemoryStore } from "@state/memory";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

/** The guide's `finish`, as it stands there. What it declares it finds among the globals. */
type Finish = (args: EpochCompleteArguments, version: number) => Promise<string>;

let scratch: string;
let finish: Finish;

beforeEach(async () => {
  const guide = await readFile(resolve(import.meta.dirname, "../../../docs/guide.md"), "utf8");
  const [, code = ""] = /^```ts\n((?:(?!^```).)*export async function finish\(.*?)^```$/ms.exec(guide) ?? [];
  scratch = await mkdtemp(join(import.meta.dirname, "../.snippets-"));
  await writeFile(join(scratch, "finish.ts"), code);
  ({ finish } = (await import(join(scratch, "finish.ts"))) as { finish: Finish });
});

afterEach(async () => {
  vi.unstubAllGlobals();
  await rm(scratch, { recursive: true });
});

/** A table whose rows are staged under the attempt that they belong to, and seen once they are released. */
class Table {
  readonly #staged = new Map<string, string>();
  readonly released: string[] = [];

  stage(attempt: string, rows: string): void {
    this.#staged.set(attempt, rows);
  }

  release(attempt: string): void {
    const rows = this.#staged.get(attempt);
    if (rows === undefined) throw new Error(`the rows of ${attempt} are lost`);
    this.#staged.delete(attempt);
    this.released.push(rows);
  }

  rollBack(attempt: string): void {
    this.#staged.delete(attempt);
  }

  rollBackEpoch(epoch: string): void {
    for (const attempt of this.#staged.keys()) if (attempt.startsWith(`${epoch}.`)) this.rollBack(attempt);
  }
}

interface Leader {
  readonly backend: ObjectStoreBackend;
  readonly version: number;
  write(epoch: number): Promise<PartialReceipt>;
}

async function lead(store: MemoryStore, version: number): Promise<Leader & { readonly nextEpoch: number }> {
  const backend = await ObjectStoreBackend.open({ store, instanceId: `leader-${version}`, vnodeCapacity: 1 });
  const { nextEpoch } = await backend.takeover({ version });
  const bytes = new Uint8Array([version]);
  const write = (epoch: number): Promise<PartialReceipt> =>
    backend.writePartial({ epoch, vnode: 0, assignmentVersion: version, bytes });
  return { backend, version, write, nextEpoch };
}

/** Two leaders prepare epoch 6. The first was deposed, and is told so before its successor seals. */
async function bothPrepareEpochSix(table: Table, rollBack: (attempt: string) => void): Promise<string[]> {
  vi.stubGlobal("release", (attempt: string) => table.release(attempt));
  vi.stubGlobal("rollBack", rollBack);
  const store = new MemoryStore();
  const first = await lead(store, 1);
  // Nothing of 6 is there yet when its successor takes over.
  await first.backend.epochComplete({ epoch: 5, parts: [await first.write(5)], next: false });
  table.stage("6.1", "rows of the first leader");

  const successor = await lead(store, 2);
  expect(successor.nextEpoch).toBe(6);
  table.stage("6.2", "rows of its successor");
  const parts = [await successor.write(6)];

  const late = [await first.write(6)];
  vi.stubGlobal("backend", first.backend);
  const deposed = await finish({ epoch: 6, parts: late }, first.version);
  vi.stubGlobal("backend", successor.backend);
  return [deposed, await finish({ epoch: 6, parts }, successor.version)];
}

test("a deposed leader that rolls back its attempt leaves its successor's rows of the same epoch", async () => {
  const table = new Table();

  const outcomes = await bothPrepareEpochSix(table, (attempt) => table.rollBack(attempt));

  expect(outcomes).toEqual(["rolled back", "released"]);
  expect(table.released).toEqual(["rows of its successor"]);
});

test("if it rolled back the epoch by its number, its successor's rows would be lost, though they are sealed", async () => {
  const table = new Table();

  const outcomes = bothPrepareEpochSix(table, (attempt) => table.rollBackEpoch(attempt.split(".")[0] ?? ""));

  await expect(outcomes).rejects.toThrow("the rows of 6.2 are lost");
  expect(table.released).toEqual([]);
});
