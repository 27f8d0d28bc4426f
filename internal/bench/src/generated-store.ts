import { setImmediate } from "node:timers/promises";
import {
  commitKey,
  epochPrefix,
  namespaceKey,
  parseEpochObject,
  partialKeys,
} from "../../../packages/core/src/layout.ts";
import { encodeJson } from "../../../packages/core/src/json.ts";
import { encodeSeal, type SealedPartial } from "../../../packages/core/src/seal.ts";
import type {
  DeleteFailure,
  ListedObject,
  ListOptions,
  ListPage,
  ObjectStore,
} from "../../../packages/core/src/store.ts";

/** The sizes of the generated history. */
export interface Shape {
  readonly epochs: number;
  /** The number of vnodes that are written in every epoch. */
  readonly written: number;
  /** The number of vnodes that are written in the first epoch, and unchanged in every later one. */
  readonly unchanged: number;
}

export type Operation = "create" | "get" | "list" | "delete";

const pageSize = 1_000;
const partialSize = 4_096;

/**
 * A store of many sealed epochs that holds none of them: listings and seals are computed from
 * numbers, and a delete sets a bit. Nearly all memory that a process uses is then the backend's.
 * Partials have no bodies and can only be listed. Objects can be created in `_control/` only.
 */
export class GeneratedStore implements ObjectStore {
  readonly name = "generated";
  readonly #shape: Shape;
  readonly #onRequest: (operation: Operation) => void;
  /** Epochs and vnodes in the byte order of their folders, which is not that of numbers. */
  readonly #epochs: Uint32Array;
  readonly #vnodes: Uint32Array;
  readonly #deleted: Uint8Array;
  readonly #control = new Map<string, Uint8Array<ArrayBuffer>>();

  /** @param onRequest called just before each response, while it is held; a page of a listing is a request */
  constructor(shape: Shape, onRequest: (operation: Operation) => void) {
    this.#shape = shape;
    this.#onRequest = onRequest;
    this.#epochs = inByteOrder(shape.epochs);
    this.#vnodes = inByteOrder(shape.written + shape.unchanged);
    const namespace = { format: 1, vnodeCapacity: shape.written + shape.unchanged };
    this.#control.set(namespaceKey, new Uint8Array(encodeJson(namespace)));
    this.#deleted = new Uint8Array(Math.ceil((shape.epochs * this.#slots) / 8));
  }

  async create(key: string, body: Uint8Array): Promise<"created" | "exists"> {
    const object = parseEpochObject(key);
    const exists = object === undefined ? this.#control.has(key) : this.#isThere(this.#indexOf(key));
    if (!exists && object !== undefined) throw new RangeError(`${key} is not a key to create`);
    if (!exists) this.#control.set(key, new Uint8Array(body));
    await this.#respond("create");
    return exists ? "exists" : "created";
  }

  async get(key: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const object = parseEpochObject(key);
    if (object !== undefined && object.kind !== "commit") throw new RangeError(`${key} has no body`);
    const body = object === undefined ? this.#control.get(key) : this.#seal(object.epoch);
    await this.#respond("get");
    return body;
  }

  async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage, void, undefined> {
    const isRoot = prefix === "" && options?.delimiter === "/";
    const names = isRoot ? this.#folders() : this.#objects(prefix);
    // The last page is a response of its own, also if it is empty.
    let page: Page = { objects: [], prefixes: [] };
    for (const name of names) {
      if (page.objects.length + page.prefixes.length === pageSize) {
        await this.#respond("list");
        yield page;
        page = { objects: [], prefixes: [] };
      }
      if (typeof name === "string") page.prefixes.push(name);
      else page.objects.push(name);
    }
    await this.#respond("list");
    yield page;
  }

  async delete(keys: readonly string[]): Promise<readonly DeleteFailure[]> {
    for (const key of keys) {
      const index = parseEpochObject(key) === undefined ? undefined : this.#indexOf(key);
      if (index === undefined) this.#control.delete(key);
      else this.#deleted[index >> 3] = (this.#deleted[index >> 3] ?? 0) | (1 << (index & 7));
    }
    await this.#respond("delete");
    return [];
  }

  /** Waits for a later turn of the event loop, as for a service: other requests are in flight meanwhile. */
  async #respond(operation: Operation): Promise<void> {
    await setImmediate();
    this.#onRequest(operation);
  }

  *#folders(): Generator<string> {
    if (this.#control.size > 0) yield "_control/";
    for (const epoch of this.#epochs) {
      const { done } = this.#objects(epochPrefix(epoch)).next();
      if (done !== true) yield epochPrefix(epoch);
    }
  }

  *#objects(prefix: string): Generator<ListedObject> {
    if (prefix === "_control/") {
      const keys = [...this.#control.keys()].toSorted();
      for (const key of keys) yield { key, size: this.#control.get(key)?.byteLength ?? 0 };
      return;
    }
    const epoch = parseEpochObject(`${prefix}_COMMIT`)?.epoch;
    if (epoch === undefined || epoch >= this.#shape.epochs)
      throw new RangeError(`${prefix} is not listed here`);
    if (this.#isThere(epoch * this.#slots)) yield { key: commitKey(epoch), size: partialSize };
    for (const vnode of this.#vnodes) {
      if (vnode >= this.#shape.written && epoch > 0) continue;
      if (!this.#isThere(epoch * this.#slots + 1 + vnode)) continue;
      yield { key: partialKeys(epoch, vnode).first, size: partialSize };
    }
  }

  #seal(epoch: number): Uint8Array<ArrayBuffer> | undefined {
    if (!this.#isThere(epoch * this.#slots)) return undefined;
    const { written, unchanged } = this.#shape;
    const partials = Array.from({ length: written + unchanged }, (_, vnode): SealedPartial => {
      const home = vnode < written ? epoch : 0;
      // A made-up digest of the right length.
      const sha256 = (home * this.#slots + vnode).toString(16).padStart(64, "0");
      return { vnode, key: partialKeys(home, vnode).first, size: partialSize, sha256 };
    });
    const seal = encodeSeal({
      format: 1,
      epoch,
      committer: "generated",
      incarnation: "generated",
      assignmentVersion: 0,
      partials,
      attachments: [],
    });
    return new Uint8Array(seal);
  }

  /** The bits of an epoch: one for its seal, and one for each vnode. */
  get #slots(): number {
    return 1 + this.#shape.written + this.#shape.unchanged;
  }

  #indexOf(key: string): number {
    const object = parseEpochObject(key);
    if (object?.kind === "commit") return object.epoch * this.#slots;
    if (object?.kind === "partial") return object.epoch * this.#slots + 1 + object.vnode;
    throw new RangeError(`${key} is not generated here`);
  }

  #isThere(index: number): boolean {
    return ((this.#deleted[index >> 3] ?? 0) & (1 << (index & 7))) === 0;
  }
}

interface Page {
  readonly objects: ListedObject[];
  readonly prefixes: string[];
}

function inByteOrder(count: number): Uint32Array {
  const names = Array.from({ length: count }, (_, number) => `${number}/`);
  return Uint32Array.from(names.toSorted(), (name) => Number.parseInt(name, 10));
}
