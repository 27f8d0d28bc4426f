import { relative, sep } from "node:path";
import type { ObjectStore } from "@state/core";
import { nodeFileSystem } from "../../src/file-system.ts";
import type { FileSystem, OpenFile } from "../../src/file-system.ts";

/** What was done to the disk. Paths are relative to the base. */
export type Change =
  | { readonly kind: "mkdir" | "rmdir" | "unlink" | "sync directory"; readonly path: string }
  | { readonly kind: "open"; readonly path: string; readonly file: number }
  | { readonly kind: "write"; readonly file: number; readonly bytes: Uint8Array }
  | { readonly kind: "sync file"; readonly file: number }
  | { readonly kind: "link"; readonly from: string; readonly path: string };

/** A call of the store or the backend, or what it returned. */
export type CallEvent =
  | { readonly kind: "creating" | "created" | "exists"; readonly key: string; readonly body: Uint8Array }
  | { readonly kind: "deleting" | "deleted"; readonly keys: readonly string[] }
  | { readonly kind: "completing" | "completed"; readonly epoch: number; readonly contents: Contents }
  | { readonly kind: "claimed"; readonly version: number }
  | { readonly kind: "pruning" | "pruned"; readonly floor: number };

export type Step = Change | CallEvent;

/** The state of each vnode of an epoch. */
export type Contents = ReadonlyMap<number, string>;

/**
 * A real directory, and the order in which a store changes and flushes it.
 *
 * One change or flush is made at a time: the order is then a fact, and whatever the store does at
 * once comes in some order on a real disk too.
 */
export class Recorder {
  readonly steps: Step[] = [];
  readonly #base: string;
  readonly #skips: (step: Change) => boolean;
  #last: Promise<unknown> = Promise.resolve();
  #files = 0;

  /** @param skips flushes that are left out, to see what that does */
  constructor(base: string, skips: (step: Change) => boolean = () => false) {
    this.#base = base;
    this.#skips = skips;
  }

  readonly files: FileSystem = {
    ...nodeFileSystem,
    open: (path, flags, mode) => this.#open(path, flags, mode),
    mkdir: (path, mode) =>
      this.#change({ kind: "mkdir", path: this.#path(path) }, () => nodeFileSystem.mkdir(path, mode)),
    link: (from, path) =>
      this.#change({ kind: "link", from: this.#path(from), path: this.#path(path) }, () =>
        nodeFileSystem.link(from, path),
      ),
    unlink: (path) =>
      this.#change({ kind: "unlink", path: this.#path(path) }, () => nodeFileSystem.unlink(path)),
    rmdir: (path) =>
      this.#change({ kind: "rmdir", path: this.#path(path) }, () => nodeFileSystem.rmdir(path)),
  };

  /** The store, with its calls and what they returned recorded among the steps. */
  recording(store: ObjectStore): ObjectStore {
    return {
      name: store.name,
      get: (key, options) => store.get(key, options),
      list: (prefix, options) => store.list(prefix, options),
      create: async (key, body, options) => {
        this.steps.push({ kind: "creating", key, body });
        const kind = await store.create(key, body, options);
        this.steps.push({ kind, key, body });
        return kind;
      },
      delete: async (keys, options) => {
        this.steps.push({ kind: "deleting", keys });
        const failures = await store.delete(keys, options);
        if (failures.length === 0) this.steps.push({ kind: "deleted", keys });
        return failures;
      },
    };
  }

  async #open(path: string, flags: string | number, mode?: number): Promise<OpenFile> {
    const step = { kind: "open", path: this.#path(path), file: (this.#files += 1) } as const;
    const { file } = step;
    const opening = (): Promise<OpenFile> => nodeFileSystem.open(path, flags, mode);
    // What is above the base was there before, and stays.
    if (step.path === "..") return opening();
    if (flags !== "wx") return this.#opened(await opening(), { kind: "sync directory", path: step.path });
    return this.#opened(await this.#change(step, opening), { kind: "sync file", file }, file);
  }

  #opened(handle: OpenFile, flush: Change, file?: number): OpenFile {
    return {
      read: handle.read.bind(handle),
      stat: handle.stat.bind(handle),
      close: handle.close.bind(handle),
      write: (bytes, offset, length) =>
        this.#inTurn(async () => {
          const result = await handle.write(bytes, offset, length);
          if (file === undefined) throw new Error("written without having been made");
          this.steps.push({ kind: "write", file, bytes: bytes.slice(offset, offset + result.bytesWritten) });
          return result;
        }),
      sync: async () => {
        if (!this.#skips(flush)) await this.#change(flush, () => handle.sync());
      },
    };
  }

  #change<T>(step: Change, change: () => Promise<T>): Promise<T> {
    return this.#inTurn(async () => {
      const result = await change();
      this.steps.push(step);
      return result;
    });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const running = this.#last.then(work, work);
    this.#last = running;
    return running;
  }

  #path(path: string): string {
    return relative(this.#base, path).split(sep).join("/");
  }
}
