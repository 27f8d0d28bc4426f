import type { BigIntStats, Dirent } from "node:fs";
import {
  close,
  fstat,
  fsync,
  link,
  lstat,
  mkdir,
  open,
  read,
  readdir,
  realpath,
  rmdir,
  stat,
  unlink,
  write,
} from "node:fs";
import { opendir, statfs } from "node:fs/promises";

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

/**
 * The calls with a callback take two thirds of the time that those of `node:fs/promises` take. Synchronous
 * ones would stop the whole process while a disk is slow.
 */
export const nodeFileSystem: FileSystem = {
  open: async (path, flags, mode) => nodeFile(await result((done) => open(path, flags, mode, done))),
  mkdir: (path, mode) => end((done) => mkdir(path, { mode }, done)),
  link: (existing, path) => end((done) => link(existing, path, done)),
  unlink: (path) => end((done) => unlink(path, done)),
  rmdir: (path) => end((done) => rmdir(path, done)),
  lstat: (path) => result((done) => lstat(path, { bigint: true }, done)),
  stat: (path) => result((done) => stat(path, { bigint: true }, done)),
  realpath: (path) => result((done) => realpath.native(path, done)),
  readdir: (path) => result((done) => readdir(path, { withFileTypes: true }, done)),
  opendir: (path) => opendir(path),
  statfs: async (path) => Number((await statfs(path, { bigint: true })).type & 0xff_ff_ff_ffn),
  now: () => Date.now(),
};

function nodeFile(descriptor: number): OpenFile {
  return {
    read: async (bytes, offset, length, position) => ({
      bytesRead: await result((done) => read(descriptor, bytes, offset, length, position, done)),
    }),
    write: async (bytes, offset, length) => ({
      bytesWritten: await result((done) => write(descriptor, bytes, offset, length, null, done)),
    }),
    sync: () => end((done) => fsync(descriptor, done)),
    stat: () => result((done) => fstat(descriptor, { bigint: true }, done)),
    close: () => end((done) => close(descriptor, done)),
  };
}

type Failure = NodeJS.ErrnoException | null;

/** What a call of Node passes to its callback. */
function result<T>(call: (done: (error: Failure, value: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    call((error, value) => (error === null ? resolve(value) : reject(error)));
  });
}

function end(call: (done: (error?: Failure) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    call((error) => (error ? reject(error) : resolve()));
  });
}
