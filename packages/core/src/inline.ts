/** Bytes that are in the seal itself: small state needs no object of its own. */
import type { InlinePartial } from "./seal.ts";
import { sha256Hex } from "./sha256.ts";

/** How many bytes the vnodes of one seal may have in it, together. */
export const inlineLimit = 65_536;

/** What `epochComplete` was given of a vnode, copied. */
export interface GivenBytes {
  readonly vnode: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export function sizeOf(given: readonly GivenBytes[]): number {
  return given.reduce((sum, { bytes }) => sum + bytes.length, 0);
}

export async function inlineEntry(epoch: number, { vnode, bytes }: GivenBytes): Promise<InlinePartial> {
  const inline = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  return { vnode, size: bytes.length, sha256: await sha256Hex(bytes), inline, writtenAt: epoch };
}

/** @returns `undefined` for what is not base64 as it is written */
export function decodeInline(inline: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    const text = atob(inline);
    return btoa(text) === inline ? Uint8Array.from(text, (char) => char.charCodeAt(0)) : undefined;
  } catch (error) {
    if (error instanceof DOMException) return undefined;
    throw error;
  }
}
