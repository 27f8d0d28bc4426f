import type { BigIntStats, Dirent } from "node:fs";
import { lstat, readdir } from "node:fs";
import { link, mkdir, open, opendir, realpath, rmdir, stat, statfs, unlink } from "node:fs/promises";

/**
 * The calls that the store makes to its file system. Tests replace it by another one, or by one
 * that fails.
 */
export interface FileSystem {
  /** @param mode of a file that it makes */
  readonly open: (path: string, flags: string | number, mode?: number) => Promise<OpenFile>;
  readonly mkdir: (path: string, mode: number) => Promise<void>;
  readonly link: (existing: string, path: string) => Promise<void>;
  readonly unlink: (path: string) => Promise<void>;
  readonly rmdir: (path: string) => Promise<void>;
  readonly lstat: (path: string) => Promise<FileStats>;
  /** Follows symbolic links. */
  readonly stat: (path: string) => Promise<FileStats>;
  readonly realpath: (path: string) => Promise<string>;
  readonly readdir: (path: string) => Promise<readonly Entry[]>;
  /** Reads a directory in parts, for a caller that may stop early. */
  readonly opendir: (path: string) => Promise<AsyncIterable<Entry>>;
  /** The type of the file system as Linux numbers it, in 32 bits; other systems number in other ways. */
  readonly statfs: (path: string) => Promise<number>;
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
  | "isFile"
  | "isDirectory"
  | "isSymbolicLink"
  | "size"
  | "dev"
  | "ino"
  | "nlink"
  | "mtimeMs"
  | "birthtimeNs"
  | "ctimeNs"
>;

export const nodeFileSystem: FileSystem = {
  open,
  mkdir: async (path, mode) => {
    await mkdir(path, { mode });
  },
  link,
  unlink,
  rmdir,
  // A listing reads a directory for each vnode, and looks at a file in it. The calls with a callback
  // take two thirds of the time that those of `node:fs/promises` take. Synchronous ones would stop the
  // whole process while a disk is slow.
  lstat: (path) =>
    new Promise((resolve, reject) => {
      lstat(path, { bigint: true }, (error, stats) => (error === null ? resolve(stats) : reject(error)));
    }),
  stat: (path) => stat(path, { bigint: true }),
  realpath: (path) => realpath(path),
  readdir: (path) =>
    new Promise((resolve, reject) => {
      readdir(path, { withFileTypes: true }, (error, entries) =>
        error === null ? resolve(entries) : reject(error),
      );
    }),
  opendir: (path) => opendir(path),
  statfs: async (path) => Number((await statfs(path, { bigint: true })).type & 0xff_ff_ff_ffn),
  now: () => Date.now(),
};
