/**
 * The namespace: which keys the protocol writes, and how it reads them back. What does not match exactly is
 * somebody else's: reads ignore it and prune leaves it alone.
 *
 * ```text
 * epoch=<N>/vnode=<V>/partial.bin | partial.<sha256>.bin | chunk.<sha256>.bin
 * epoch=<N>/attachment/<name>/data.bin | data.<sha256>.bin
 * epoch=<N>/_COMMIT
 * epoch=<N>/_ANCHOR
 * _control/namespace | fence=<16 digits> | floor=<16 digits> | given-up=<16 digits>.<sha256> | pin=<16 digits>.<name>
 * ```
 */
import { StateError } from "./errors.ts";

export const controlPrefix = "_control/";
export const namespaceKey = "_control/namespace";

export function fenceKey(version: number): string {
  return `_control/fence=${padded(version)}`;
}

export function floorKey(floor: number): string {
  return `_control/floor=${padded(floor)}`;
}

/** An unreadable `_COMMIT` that an operator gave up: its epoch, and the digest of the bytes that were there. */
export function givenUpKey(epoch: number, sha256: string): string {
  return `_control/given-up=${padded(epoch)}.${sha256}`;
}

/** An epoch that every prune keeps, and the name that it is kept under. */
export function pinKey(epoch: number, name: string): string {
  return `_control/pin=${padded(epoch)}.${name}`;
}

/** The grammar of a pin's name. */
export function isPinName(name: string): boolean {
  return /^[A-Za-z0-9=_-]{1,200}$/.test(name);
}

export function epochPrefix(epoch: number): string {
  return `epoch=${epoch}/`;
}

export function commitKey(epoch: number): string {
  return `epoch=${epoch}/_COMMIT`;
}

export function anchorKey(epoch: number): string {
  return `epoch=${epoch}/_ANCHOR`;
}

/** Where the bytes of a vnode or an attachment go: the first bytes to `first`, other bytes to a key with their digest. */
export interface DataKeys {
  readonly first: string;
  later(sha256: string): string;
}

export function partialKeys(epoch: number, vnode: number): DataKeys {
  const folder = `epoch=${epoch}/vnode=${vnode}/`;
  return { first: `${folder}partial.bin`, later: (sha256) => `${folder}partial.${sha256}.bin` };
}

/** Where a chunk with this digest goes. */
export function chunkKey(epoch: number, vnode: number, sha256: string): string {
  return `epoch=${epoch}/vnode=${vnode}/chunk.${sha256}.bin`;
}

export function attachmentKeys(epoch: number, name: string): DataKeys {
  const folder = `epoch=${epoch}/attachment/${name}/`;
  return { first: `${folder}data.bin`, later: (sha256) => `${folder}data.${sha256}.bin` };
}

/** The grammar of an attachment's name: 1 to 200 characters that every store can hold in a key. */
export function isAttachmentName(name: string): boolean {
  return (
    /^[A-Za-z0-9=_.-]{1,200}$/.test(name) && name !== "." && name !== ".." && !name.startsWith(".staging-")
  );
}

export type EpochObject =
  | { readonly kind: "commit" | "anchor"; readonly epoch: number }
  | {
      readonly kind: "partial";
      readonly epoch: number;
      readonly vnode: number;
      readonly sha256?: string | undefined;
    }
  | { readonly kind: "chunk"; readonly epoch: number; readonly vnode: number; readonly sha256: string }
  | {
      readonly kind: "attachment";
      readonly epoch: number;
      readonly name: string;
      readonly sha256?: string | undefined;
    };

const epochObject =
  /^epoch=(0|[1-9]\d*)\/(?:(_COMMIT)|(_ANCHOR)|vnode=(0|[1-9]\d*)\/(?:partial(?:\.([0-9a-f]{64}))?|chunk\.([0-9a-f]{64}))\.bin|attachment\/([^/]+)\/data(?:\.([0-9a-f]{64}))?\.bin)$/;

/** What the protocol keeps under `key`, or `undefined` for a key that is not one of an epoch's. */
export function parseEpochObject(key: string): EpochObject | undefined {
  const match = epochObject.exec(key);
  if (match === null) return undefined;
  const [, epochText = "", commit, anchor, vnodeText, partialDigest, chunkDigest, name, dataDigest] = match;
  const epoch = safeInteger(epochText);
  if (epoch === undefined) return undefined;
  if (commit !== undefined) return { kind: "commit", epoch };
  if (anchor !== undefined) return { kind: "anchor", epoch };
  if (name !== undefined)
    return isAttachmentName(name) ? { kind: "attachment", epoch, name, sha256: dataDigest } : undefined;
  const vnode = safeInteger(vnodeText ?? "");
  if (vnode === undefined) return undefined;
  if (chunkDigest !== undefined) return { kind: "chunk", epoch, vnode, sha256: chunkDigest };
  return { kind: "partial", epoch, vnode, sha256: partialDigest };
}

/** The epoch whose folder the object is in. @param key is one that `parseEpochObject` reads */
export function epochOf(key: string): number {
  return Number(key.slice("epoch=".length, key.indexOf("/")));
}

/**
 * The epoch of a folder `epoch=<N>/`, or `undefined` for any other folder.
 *
 * @throws `UnknownFormat` for an epoch beyond 2^53-1: rounded, it would stand for another one.
 */
export function parseEpochFolder(prefix: string): number | undefined {
  const match = /^epoch=(0|[1-9]\d*)\/$/.exec(prefix);
  return match === null ? undefined : knownInteger(match[1] ?? "", prefix);
}

export type ControlObject =
  | { readonly kind: "namespace" }
  | { readonly kind: "fence" | "floor"; readonly value: number }
  | { readonly kind: "given-up"; readonly epoch: number }
  | { readonly kind: "pin"; readonly epoch: number; readonly name: string };

/** What a key under `_control/` stands for. @throws `UnknownFormat` for a number beyond 2^53-1. */
export function parseControlKey(key: string): ControlObject | undefined {
  if (key === namespaceKey) return { kind: "namespace" };
  const givenUp = /^_control\/given-up=(\d{16})\.[0-9a-f]{64}$/.exec(key);
  if (givenUp !== null) return { kind: "given-up", epoch: knownInteger(givenUp[1] ?? "", key) };
  const pin = /^_control\/pin=(\d{16})\.([A-Za-z0-9=_-]{1,200})$/.exec(key);
  if (pin !== null) return { kind: "pin", epoch: knownInteger(pin[1] ?? "", key), name: pin[2] ?? "" };
  const match = /^_control\/(fence|floor)=(\d{16})$/.exec(key);
  if (match === null) return undefined;
  return { kind: match[1] === "fence" ? "fence" : "floor", value: knownInteger(match[2] ?? "", key) };
}

function padded(value: number): string {
  return String(value).padStart(16, "0");
}

function safeInteger(digits: string): number | undefined {
  const value = Number(digits);
  return Number.isSafeInteger(value) ? value : undefined;
}

function knownInteger(digits: string, key: string): number {
  const value = safeInteger(digits);
  if (value === undefined) {
    throw new StateError("UnknownFormat", `${key} holds a number beyond 2^53-1`, { sealed: "unknown", key });
  }
  return value;
}
