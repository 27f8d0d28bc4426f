import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** An empty directory that goes with the test. */
export async function scratch(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "state-fs-"));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

/**
 * Everything beneath a directory, staging files too; directories end in `/`. The directory of
 * staging files, which a store keeps, is left out itself.
 */
export async function tree(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries
    .map(
      (entry) => join(entry.parentPath, entry.name).slice(root.length + 1) + (entry.isDirectory() ? "/" : ""),
    )
    .filter((name) => name !== ".staging-state/")
    .toSorted((left, right) => (left < right ? -1 : 1));
}

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

export async function keysOf(
  pages: AsyncIterable<{ objects: readonly { key: string }[] }>,
): Promise<string[]> {
  const keys: string[] = [];
  for await (const { objects } of pages) keys.push(...objects.map(({ key }) => key));
  return keys;
}
