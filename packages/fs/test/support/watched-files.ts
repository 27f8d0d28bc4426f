import { nodeFileSystem } from "../../src/file-system.ts";
import type { FileSystem, OpenFile } from "../../src/file-system.ts";

/** One call of the file system: `sync /tmp/root/a`. */
export type Call = `${string} ${string}`;

/**
 * The real file system, with every call told to `before` first, which may hold it back, change the
 * tree under it, or reject in its place.
 */
export function watched(before: (call: Call) => Promise<void> | void): FileSystem {
  const { now, statfs } = nodeFileSystem;
  const tell =
    <A extends readonly unknown[], R>(name: string, call: (path: string, ...rest: A) => Promise<R>) =>
    async (path: string, ...rest: A): Promise<R> => {
      await before(`${name} ${path}`);
      return call(path, ...rest);
    };
  return {
    open: tell("open", async (path, flags: string | number, mode?: number) =>
      watchedFile(await nodeFileSystem.open(path, flags, mode), path, before),
    ),
    mkdir: tell("mkdir", nodeFileSystem.mkdir),
    link: tell("link", nodeFileSystem.link),
    unlink: tell("unlink", nodeFileSystem.unlink),
    rmdir: tell("rmdir", nodeFileSystem.rmdir),
    lstat: tell("lstat", nodeFileSystem.lstat),
    stat: tell("stat", nodeFileSystem.stat),
    realpath: tell("realpath", nodeFileSystem.realpath),
    readdir: tell("readdir", nodeFileSystem.readdir),
    opendir: tell("opendir", nodeFileSystem.opendir),
    statfs,
    now,
  };
}

function watchedFile(file: OpenFile, path: string, before: (call: Call) => Promise<void> | void): OpenFile {
  const tell =
    <A extends readonly unknown[], R>(name: string, call: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      await before(`${name} ${path}`);
      return call(...args);
    };
  return {
    read: file.read.bind(file),
    write: tell("write", file.write.bind(file)),
    sync: tell("sync", file.sync.bind(file)),
    stat: file.stat.bind(file),
    close: async () => {
      try {
        await before(`close ${path}`);
      } finally {
        await file.close();
      }
    },
  };
}

/** A system error as Node throws it. */
export function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: simulated`), { code });
}

/**
 * A point at which a schedule can be held: `reached` resolves when the store comes there, `open`
 * lets it go on.
 */
export interface Gate {
  readonly reached: Promise<void>;
  readonly open: () => void;
  readonly pass: () => Promise<void>;
}

export function gate(): Gate {
  const reached = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<void>();
  return {
    reached: reached.promise,
    open: opened.resolve,
    pass: () => {
      reached.resolve();
      return opened.promise;
    },
  };
}
