/** A seal's entry as it stands in the JSON of its `_COMMIT`. */
interface Entry {
  readonly vnode?: number | undefined;
  readonly key?: string | undefined;
  readonly sha256?: string | undefined;
  readonly inline?: string | undefined;
  readonly writtenAt?: number | undefined;
  readonly chunks?: readonly { readonly key: string; readonly sha256: string }[] | undefined;
}

type Keyed<E extends Entry> = E & { readonly key: string };

/**
 * The entries as a judge compares them, an object each: a vnode in chunks has one for each, and one whose bytes are in the
 * seal gets a key that no object has, and that says what it holds.
 */
export function keyed<E extends Entry>(entries: readonly E[]): readonly Keyed<E>[] {
  return entries.flatMap((entry): readonly Keyed<E>[] => {
    const { key, chunks, inline, writtenAt, vnode, sha256 } = entry;
    if (chunks !== undefined) return chunks.map((chunk) => ({ ...entry, ...chunk }));
    if (inline === undefined) return [{ ...entry, key: key ?? "" }];
    return [{ ...entry, key: `epoch=${writtenAt}/vnode=${vnode}/inline.${sha256}` }];
  });
}

/** The keys of the objects that a receipt says were written. */
export function keysOfReceipt(receipt: Pick<Entry, "key" | "chunks">): readonly string[] {
  return receipt.chunks?.map(({ key }) => key) ?? [receipt.key ?? ""];
}

/** The bytes that are in the seal. */
export function bytesInSeal({ inline }: Entry): Uint8Array | undefined {
  return inline === undefined ? undefined : new Uint8Array(Buffer.from(inline, "base64"));
}
