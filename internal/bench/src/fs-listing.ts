/**
 * What the listing of an epoch costs on a file system, for 10,000 and 65,536 vnodes, each in a directory of its own, beside
 * what Node itself takes: a recursive `readdir`, and an `lstat` of each file, on the same tree. They take turns; the ratio is
 * the median of the ratios of two times of the same round.
 * `node --conditions=@state/source internal/bench/src/fs-listing.ts`
 */
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { lstat, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FsStore } from "../../../packages/fs/src/index.ts";
import { epochPrefix, partialKeys } from "../../../packages/core/src/layout.ts";

const rounds = 5;

process.stdout.write("vnodes    FsStore ms    readdir and lstat ms    ratio\n");
for (const vnodes of [10_000, 65_536]) {
  const root = mkdtempSync(join(tmpdir(), "state-fs-listing-"));
  try {
    for (let vnode = 0; vnode < vnodes; vnode += 1) {
      const path = join(root, partialKeys(1, vnode).first);
      mkdirSync(join(path, ".."), { recursive: true });
      writeFileSync(path, "state");
    }
    const store: number[] = [];
    const raw: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      store.push(await timed(() => listed(root), vnodes));
      raw.push(await timed(() => readAndLooked(root), vnodes));
    }
    const ratio = median(store.map((time, round) => time / (raw[round] ?? time)));
    const cells = [median(store).toFixed(0).padStart(14), median(raw).toFixed(0).padStart(24)];
    process.stdout.write(`${String(vnodes).padEnd(6)}${cells.join("")}${ratio.toFixed(2).padStart(9)}\n`);
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

async function timed(work: () => Promise<number>, expected: number): Promise<number> {
  const started = performance.now();
  const found = await work();
  if (found !== expected) throw new Error(`${found} were found, not ${expected}`);
  return performance.now() - started;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
