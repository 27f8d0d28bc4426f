import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "vitest";
import { type Ran, type RunOptions, runState } from "../world.ts";

type Finished = Pick<TestContext, "onTestFinished">;

export async function newFolder({ onTestFinished }: Finished): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "state-certify-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

/** The files beneath the folder; `FsStore` keeps an empty folder for what it is about to write. */
export async function filesIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name);
}

/** Runs cases and races on `fs:/a/folder`, or on a store of `certify/folders.ts`. */
export function certify(
  url: string,
  only: string,
  options: RunOptions & { seconds?: string } = {},
): Promise<Ran> {
  const adapter = url.startsWith("fs:") ? [] : ["--adapter", "./certify/folders.ts"];
  const args = ["--seconds", options.seconds ?? "1", "--processes", "3", "--only", only, "--yes"];
  return runState(["certify", url, ...adapter, ...args], options);
}
