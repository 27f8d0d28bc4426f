import type { BigIntStats, Dirent } from "node:fs";
import { link, lstat, mkdir, open, opendir, readdir, realpath, rmdir, unlink } from "node:fs/promises";

/**
 * The calls that the store makes to its file system. Tests replace it by another one, or by one
 * that fails.
 */
export interface FileSystem {
  readonly open: (path: string, flags: string | number) => Promise<OpenFile>;
  readonly mkdir: (path: string) => Promise<void>;
  readonly link: (existing: string, path: string) => Promise<void>;
  readonly unlink: (path: string) => Promise<void>;
  readonly rmdir: (path: string) => Promise<void>;
  readonly lstat: (path: string) => Promise<FileStats>;
  readonly realpath: (path: string) => Promise<string>;
  readonly readdir: (path: string) => Promise<readonly Entry[]>;
  /** Reads a directory in parts, for a caller that may stop early. */
  readonly opendir: (path: string) => Promise<AsyncIterable<Entry>>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export interface OpenFile {
  read(bytes: Uint8Array, offset: number, length: number, position: number): Promise<{ bytesRead: number }>;
  write(bytes: Uint8Array, offset: number, length: number): Promise<{ bytesWritten: number }>;
  sync(): Promise<void>;
  stat(options: { bigint: true }): Promise<FileStats>;
  close(): Promise<void>;
}

export type Entry = Pick<Dirent, "name" | "isFile" | "isDirectory" | "isSymbolicLink">;

export type FileStats = Pick<
  BigIntStats,
  "isFile" | "isDirectory" | "isSymbolicLink" | "size" | "dev" | "ino" | "nlink" | "mtimeMs" | "birthtimeNs"
>;

export const nodeFileSystem: FileSystem = {
  open: (path, flags) => open(path, flags),
  mkdir: async (path) => {
    await mkdir(path);
  },
  link,
  unlink,
  rmdir,
  lstat: (path) => lstat(path, { bigint: true }),
  realpath: (path) => realpath(path),
  readdir: (path) => readdir(path, { withFileTypes: true }),
  opendir: (path) => opendir(path),
  now: () => Date.now(),
};
