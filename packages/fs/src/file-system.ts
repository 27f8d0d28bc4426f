import type { BigIntStats, Dir, Dirent } from "node:fs";
import { link, lstat, mkdir, open, opendir, readdir, realpath, rmdir, unlink } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";

/** The calls that the store makes of its file system: the seam at which tests put another one, or a fault. */
export interface FileSystem {
  readonly open: (path: string, flags: string | number) => Promise<OpenFile>;
  readonly mkdir: (path: string) => Promise<void>;
  /** Makes the directories above it too; answers the uppermost that it made. */
  readonly mkdirs: (path: string) => Promise<string | undefined>;
  readonly link: (existing: string, path: string) => Promise<void>;
  readonly unlink: (path: string) => Promise<void>;
  readonly rmdir: (path: string) => Promise<void>;
  readonly lstat: (path: string) => Promise<BigIntStats>;
  readonly realpath: (path: string) => Promise<string>;
  readonly readdir: (path: string) => Promise<Dirent[]>;
  /** Reads a directory little by little, for who may stop early. */
  readonly opendir: (path: string) => Promise<Dir>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export type OpenFile = Pick<FileHandle, "read" | "write" | "sync" | "close"> & {
  stat(options: { bigint: true }): Promise<BigIntStats>;
};

export const nodeFileSystem: FileSystem = {
  open: (path, flags) => open(path, flags),
  mkdir: async (path) => {
    await mkdir(path);
  },
  mkdirs: (path) => mkdir(path, { recursive: true }),
  link,
  unlink,
  rmdir,
  lstat: (path) => lstat(path, { bigint: true }),
  realpath: (path) => realpath(path),
  readdir: (path) => readdir(path, { withFileTypes: true }),
  opendir: (path) => opendir(path),
  now: () => Date.now(),
};
