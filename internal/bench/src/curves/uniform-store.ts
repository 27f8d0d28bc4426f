import { parseEpochObject } from "../../../../packages/core/src/layout.ts";
import type { OperationOptions } from "../../../../packages/core/src/store.ts";
import { MemoryStore } from "../../../../packages/memory/src/index.ts";

interface Uniform {
  readonly byte: number;
  readonly size: number;
}

/**
 * A store in memory that holds no bodies of state, so that what a process holds is the backend's.
 * Each body is one byte over and over, and all partials are the same; chunks may differ.
 */
export class UniformStore extends MemoryStore {
  #partial: Uniform | undefined;
  readonly #chunks = new Map<string, Uniform>();

  override async create(
    key: string,
    body: Uint8Array,
    options?: OperationOptions,
  ): Promise<"created" | "exists"> {
    const kind = parseEpochObject(key)?.kind;
    const uniform = { byte: body[0] ?? 0, size: body.byteLength };
    if (kind === "partial") this.#partial = uniform;
    else if (kind === "chunk") this.#chunks.set(key, uniform);
    else return super.create(key, body, options);
    return "created";
  }

  override async get(key: string, options?: OperationOptions): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const kind = parseEpochObject(key)?.kind;
    if (kind !== "partial" && kind !== "chunk") return super.get(key, options);
    const uniform = kind === "partial" ? this.#partial : this.#chunks.get(key);
    return uniform && new Uint8Array(uniform.size).fill(uniform.byte);
  }
}
