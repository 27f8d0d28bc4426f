import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { nodeFileSystem } from "../../src/file-system.ts";
import type { Tree } from "./disk.ts";
import type { Remains } from "./restart.ts";

const day = 24 * 60 * 60 * 1_000;

/** What a power cut left, in a real directory that is empty. */
export async function onDisk(base: string, tree: Tree): Promise<Remains> {
  for (const [path, bytes] of tree) {
    if (bytes === undefined) await mkdir(join(base, path));
    else await writeFile(join(base, path), bytes);
  }
  return {
    base,
    files: { ...nodeFileSystem, now: () => Date.now() + 2 * day },
    tree: () => treeOf(base),
  };
}

async function treeOf(base: string): Promise<Tree> {
  const entries = await readdir(base, { recursive: true, withFileTypes: true });
  const read = async (entry: (typeof entries)[number]) => {
    const path = join(entry.parentPath, entry.name);
    return [relative(base, path), entry.isDirectory() ? undefined : await readFile(path)] as const;
  };
  return new Map(await Promise.all(entries.map(read)));
}
