import { epochOf } from "../layout.ts";
import { isChunked, type Seal } from "../seal.ts";

/** An object as seals describe it. */
export interface NamedObject {
  readonly size: number;
  readonly sha256: string | undefined;
  readonly vnode: number | undefined;
  readonly attachment: string | undefined;
  /** The highest epoch whose seal names it. */
  readonly to: number;
  /** The lowest so far: seals are read downwards. */
  from: number;
  /** Another seal describes it otherwise. */
  isDisputed: boolean;
}

/**
 * What the seals name that were read so far, by the epoch whose folder it is in. Seals are read downwards, and a folder is
 * taken when its epoch is reached, so that about as much is held as one seal names.
 */
export class NamedObjects {
  readonly #folders = new Map<number, Map<string, NamedObject>>();

  add(seal: Seal): void {
    const { epoch } = seal;
    for (const entry of seal.partials) {
      const { vnode } = entry;
      if (isChunked(entry))
        for (const { key, size, sha256 } of entry.chunks) this.#add(key, { size, sha256, vnode }, epoch);
      else if (entry.key !== undefined)
        this.#add(entry.key, { size: entry.size, sha256: entry.sha256, vnode }, epoch);
    }
    for (const { key, size, sha256, name } of seal.attachments)
      this.#add(key, { size, sha256, attachment: name }, epoch);
  }

  #add(
    key: string,
    described: Pick<NamedObject, "size" | "sha256"> & Partial<Pick<NamedObject, "vnode" | "attachment">>,
    epoch: number,
  ): void {
    const folder = this.#folders.get(epochOf(key)) ?? new Map<string, NamedObject>();
    this.#folders.set(epochOf(key), folder);
    const known = folder.get(key);
    if (known === undefined) {
      const { size, sha256, vnode, attachment } = described;
      folder.set(key, { size, sha256, vnode, attachment, to: epoch, from: epoch, isDisputed: false });
      return;
    }
    known.from = epoch;
    if (known.size !== described.size || known.sha256 !== described.sha256) known.isDisputed = true;
  }

  /** The highest epoch whose folder holds something that is named and was not taken. */
  get highest(): number {
    return Math.max(-1, ...this.#folders.keys());
  }

  has(epoch: number): boolean {
    return this.#folders.has(epoch);
  }

  /** Takes what is named in the epoch's folder, by key. */
  take(epoch: number): Map<string, NamedObject> {
    const folder = this.#folders.get(epoch) ?? new Map<string, NamedObject>();
    this.#folders.delete(epoch);
    return folder;
  }
}
