/** Bytes that are in the seal itself: small state needs no object of its own. */
import type { Codec } from "./codec.ts";
import type { InlinePartial } from "./seal.ts";
import { pack } from "./stored-bytes.ts";

/** How many bytes the vnodes of one seal may have in it, together. */
export const inlineLimit = 65_536;

/** What `epochComplete` was given of a vnode, copied. */
export interface GivenBytes {
  readonly vnode: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Bytes as they were given. */
export function sizeOf(given: readonly GivenBytes[]): number {
  return given.reduce((sum, { bytes }) => sum + bytes.length, 0);
}

export async function inlineEntry(
  codec: Codec | undefined,
  epoch: number,
  { vnode, bytes }: GivenBytes,
): Promise<InlinePartial> {
  const { body, form } = await pack(codec, bytes, { writtenAt: epoch, vnode });
  const { size, sha256, ...coded } = form;
  const inline = btoa(Array.from(body, (byte) => String.fromCharCode(byte)).join(""));
  return { vnode, size, sha256, inline, writtenAt: epoch, ...coded };
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
