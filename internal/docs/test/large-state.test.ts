import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { ObjectStoreBackend, type SealedEpoch } from "@state/core";
import { MemoryStore } from "@state/memory";
import { expect, test } from "vitest";

/** The guide's functions, as they stand there. */
interface Guide {
  readonly sealFile: (
    backend: ObjectStoreBackend,
    epoch: number,
    path: string,
    base: SealedEpoch | undefined,
  ) => Promise<void>;
  readonly restoreFile: (base: SealedEpoch, path: string) => Promise<void>;
}

const chunkBytes = 65_536;

test("the guide's file is sealed in chunks, its old ones are used again or sent, and it is restored", async () => {
  const page = await readFile(resolve(import.meta.dirname, "../../../docs/guide.md"), "utf8");
  const [, code = ""] = /^```ts\n((?:(?!^```).)*export async function sealFile\(.*?)^```$/ms.exec(page) ?? [];
  const scratch = await mkdtemp(join(import.meta.dirname, "../.snippets-"));
  try {
    await writeFile(join(scratch, "large-state.ts"), code);
    const { sealFile, restoreFile } = (await import(join(scratch, "large-state.ts"))) as Guide;
    let created = 0;
    const backend = await ObjectStoreBackend.open({
      store: new MemoryStore(),
      instanceId: "job",
      vnodeCapacity: 4,
      chunkBytes,
      onEvent: (event) => {
        if (event.type === "request" && event.operation === "create" && event.key.includes("/chunk."))
          created += 1;
      },
    });
    const { nextEpoch } = await backend.takeover({ version: 1 });
    const path = join(scratch, "database");
    const pages = Buffer.alloc(10 * chunkBytes + 5);
    for (let number = 0; number <= 10; number++) pages[number * chunkBytes] = number + 1;
    const seal = async (epoch: number, base: SealedEpoch | undefined): Promise<number> => {
      await writeFile(path, pages);
      created = 0;
      await sealFile(backend, epoch, path, base);
      return created;
    };

    expect(await seal(nextEpoch, undefined)).toBe(11);
    const first = await backend.latest();
    pages[3 * chunkBytes] = 99;
    expect(await seal(nextEpoch + 1, first)).toBe(1);
    // Back again: the first epoch has the chunk, the newest one does not.
    pages[3 * chunkBytes] = 4;
    expect(await seal(nextEpoch + 2, first)).toBe(1);

    await backend.prune({ keep: 1 });
    const newest = await backend.latest();
    expect(newest?.epoch).toBe(nextEpoch + 2);
    if (newest !== undefined) await restoreFile(newest, join(scratch, "restored"));
    expect(Buffer.compare(await readFile(join(scratch, "restored")), pages)).toBe(0);
  } finally {
    await rm(scratch, { recursive: true });
  }
});
