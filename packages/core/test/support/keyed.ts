/** A seal's entry as it stands in the JSON of its `_COMMIT`. */
interface Entry {
  readonly vnode?: number;
  readonly key?: string | undefined;
  readonly sha256?: string | undefined;
  readonly inline?: string;
  readonly writtenAt?: number;
}

/**
 * The entry as a judge compares it: one whose bytes are in the seal gets a key that no object has, and that says what it
 * holds.
 */
export function keyed<E extends Entry>(entry: E): E & { readonly key: string } {
  const key = entry.key ?? `epoch=${entry.writtenAt}/vnode=${entry.vnode}/inline.${entry.sha256}`;
  return { ...entry, key };
}

/** The bytes that are in the seal. */
export function bytesInSeal({ inline }: Entry): Uint8Array | undefined {
  return inline === undefined ? undefined : new Uint8Array(Buffer.from(inline, "base64"));
}
