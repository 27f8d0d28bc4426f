/** What a codec's bytes belong to. An encrypting codec authenticates it, so that they are good for nothing else. */
export interface CodecContext {
  /** The epoch that they were written in. A later epoch that takes them over unchanged keeps it. */
  readonly writtenAt: number;
  /** Absent for an attachment. */
  readonly vnode?: number | undefined;
  /** The attachment's name; absent for a vnode. */
  readonly attachment?: string | undefined;
}

export interface DecodeContext extends CodecContext {
  /** How many bytes were encoded: a codec stops when there are more. */
  readonly size: number;
}

/**
 * Turns state into what is stored, and back: compression, encryption. What is decoded is compared with the size and
 * digest of what was encoded, which the seal has.
 */
export interface Codec {
  /** 1 to 200 of `[A-Za-z0-9=_.:+-]`. It is in the seal, beside what the codec wrote, for ever: another form or key has another id. */
  readonly id: string;
  /**
   * May give other bytes each time. The bytes it gets are the caller's, and are neither kept nor changed; those it gives
   * are not touched again.
   */
  encode(bytes: Uint8Array<ArrayBuffer>, context: CodecContext): Promise<Uint8Array>;
  /** Rejects for what it cannot decode: the read is then `Corrupt`, with this as the cause. */
  decode(bytes: Uint8Array<ArrayBuffer>, context: DecodeContext): Promise<Uint8Array>;
}

/** The grammar of a codec's id. */
export function isCodecId(value: unknown): value is string {
  return typeof value === "string" && /^[A-Za-z0-9=_.:+-]{1,200}$/.test(value);
}

/** The codecs of a backend: the first writes, and each reads what has its id. */
export class Codecs {
  readonly first: Codec | undefined;
  readonly #byId: ReadonlyMap<string, Codec>;

  constructor(codecs: readonly Codec[]) {
    this.first = codecs[0];
    this.#byId = new Map(codecs.map((codec) => [codec.id, codec]));
  }

  find(id: string): Codec | undefined {
    return this.#byId.get(id);
  }
}
