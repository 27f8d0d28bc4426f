/** A size in bytes, and a SHA-256 in lower-case hex. */
export interface Digest {
  readonly size: number;
  readonly sha256: string;
}

/** What a codec made of it; both are absent if the bytes are stored as they were given. */
export interface Coded {
  /** The codec's id. */
  readonly codec?: string | undefined;
  /** What was encoded. */
  readonly plain?: Digest | undefined;
}

/** A piece of a vnode's state, in an object of its own whose key carries its digest. */
export interface Chunk extends Digest {
  /** Of this epoch, or of a lower one whose chunk is used again. */
  readonly key: string;
  /** What was encoded, if a codec was used. */
  readonly plain?: Digest | undefined;
}

interface OfEpoch extends Digest, Coded {
  readonly epoch: number;
  readonly assignmentVersion: number;
}

/** What writing a vnode's bytes in one piece returns. */
export interface WholeReceipt extends OfEpoch {
  readonly vnode: number;
  /** The object that holds the bytes. */
  readonly key: string;
  readonly chunks?: undefined;
}

/**
 * What writing a stream returns. `size` is that of all chunks, and `sha256` the digest of their digests, 32 bytes each, in
 * order; so in `plain`.
 */
export interface ChunkedReceipt extends OfEpoch {
  readonly vnode: number;
  readonly key?: undefined;
  /** In the order of the stream. */
  readonly chunks: readonly Chunk[];
}

/** What writing a partial returns. Plain JSON, made to be sent to the coordinator. */
export type PartialReceipt = WholeReceipt | ChunkedReceipt;

/** What writing an attachment returns. Plain JSON, made to be sent to the coordinator. */
export interface AttachmentReceipt extends OfEpoch {
  readonly name: string;
  /** The object that holds the bytes. */
  readonly key: string;
}

/** What a write returns: what a worker sends to its coordinator. */
export type Receipt = PartialReceipt | AttachmentReceipt;
