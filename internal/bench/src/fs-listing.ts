/**
 * What the listing of an epoch costs on a file system, for 10,000 and 65,536 vnodes, each in a directory of its own. Beside
 * it, on the same tree: what Node itself offers, a recursive `readdir` and an `lstat` of each file; and the calls that a
 * listing cannot do without, a `readdir` of each directory and an `lstat` of each file, as many at a time as `FsStore` makes.
 * They take turns; a ratio is the median of the ratios of two times of the same round.
 * `node --conditions=@state/source internal/bench/src/fs-listing.ts`
 */
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { lstat, readdir, rm } from "node:fs/promises";
import { nodeFileSystem } from "../../../packages/fs/src/file-system.ts";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FsStore } from "../../../packages/fs/src/index.ts";
import { epochPrefix, partialKeys } from "../../../packages/core/src/layout.ts";

const rounds = 5;
const callsAtATime = 64;

const heads = ["FsStore", "recursive readdir", "ratio", "calls alone", "ratio"];
process.stdout.write(`vnodes  ${heads.map((head) => head.padStart(width(head))).join("")}\n`);
for (const vnodes of [10_000, 65_536]) {
  const root = mkdtempSync(join(tmpdir(), "state-fs-listing-"));
  try {
    for (let vnode = 0; vnode < vnodes; vnode += 1) {
      const path = join(root, partialKeys(1, vnode).first);
      mkdirSync(join(path, ".."), { recursive: true });
      writeFileSync(path, "state");
    }
    const store: number[] = [];
    const recursive: number[] = [];
    const alone: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      store.push(await timed(() => listed(root), vnodes));
      recursive.push(await timed(() => readAndLooked(root), vnodes));
      alone.push(await timed(() => called(join(root, epochPrefix(1))), vnodes));
    }
    const ratioTo = (others: readonly number[]): string =>
      median(store.map((time, round) => time / (others[round] ?? time))).toFixed(2);
    const cells = [
      median(store).toFixed(0),
      median(recursive).toFixed(0),
      ratioTo(recursive),
      median(alone).toFixed(0),
      ratioTo(alone),
    ];
    const line = cells.map((cell, at) => cell.padStart(width(heads[at] ?? ""))).join("");
    process.stdout.write(`${String(vnodes).padEnd(8)}${line}\n`);
  } finally {
    await rm(root, { recursive: true });
  }
}

async function listed(root: string): Promise<number> {
  let keys = 0;
  for await (const { objects } of new FsStore({ root }).list(epochPrefix(1))) keys += objects.length;
  return keys;
}

/** One after the other, as Node's own `readdir` reads its directories. */
async function readAndLooked(root: string): Promise<number> {
  let files = 0;
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    if ((await lstat(join(entry.parentPath, entry.name))).size > 0) files += 1;
  }
  return files;
}

async function called(epoch: string): Promise<number> {
  const directories = await readdir(epoch);
  let at = 0;
  let files = 0;
  const one = async (): Promise<void> => {
    for (let name = directories[at++]; name !== undefined; name = directories[at++])
      for (const entry of await nodeFileSystem.readdir(join(epoch, name)))
        if ((await nodeFileSystem.lstat(join(epoch, name, entry.name))).size > 0n) files += 1;
  };
  await Promise.all(Array.from({ length: callsAtATime }, one));
  return files;
}

async function timed(work: () => Promise<number>, expected: number): Promise<number> {
  const started = performance.now();
  const found = await work();
  if (found !== expected) throw new Error(`${found} were found, not ${expected}`);
  return performance.now() - started;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function width(head: string): number {
  return Math.max(8, head.length + 3);
}
