import { execFile } from "node:child_process";
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { describe, expect, test, vi } from "vitest";
import { FsStore } from "../src/index.ts";
import { scratch } from "./support/scratch.ts";

// Processes start slowly on a machine that is busy.
vi.setConfig({ testTimeout: 60_000 });

describe("modes", () => {
  test("files and directories, the root and what is above it, are the user's alone", async () => {
    const above = await scratch();
    const modes = await modesOf(above, 0, {});
    expect(modes).toEqual({ directories: [0o700], files: [0o600] });
  });

  test("are those of the options, less the umask", async () => {
    const above = await scratch();
    const modes = await modesOf(above, 0o027, { fileMode: 0o666, directoryMode: 0o777 });
    expect(modes).toEqual({ directories: [0o750], files: [0o640] });
  });

  test.each([{ fileMode: 0o400 }, { fileMode: 0o1600 }, { fileMode: 600.5 }, { directoryMode: 0o600 }])(
    "%j is a TypeError",
    (modes) => {
      expect(() => new FsStore({ root: "root", ...modes })).toThrow(TypeError);
    },
  );
});

/** The modes of what a process with a umask makes beneath a directory. */
async function modesOf(
  above: string,
  umask: number,
  options: object,
): Promise<{ directories: readonly number[]; files: readonly number[] }> {
  const child = new URL("./support/with-umask.ts", import.meta.url).pathname;
  const args = [child, join(above, "x/root"), String(umask), JSON.stringify(options)];
  await promisify(execFile)(process.execPath, args);
  const modes = { directories: new Set<number>(), files: new Set<number>() };
  for (const entry of await readdir(above, { recursive: true, withFileTypes: true })) {
    const { mode } = await lstat(join(entry.parentPath, entry.name));
    (entry.isDirectory() ? modes.directories : modes.files).add(mode & 0o7777);
  }
  return { directories: [...modes.directories], files: [...modes.files] };
}
