/** Bytes of one body are below it: WebCrypto digests no more at once. */
export const maxBytes: number = 2 ** 31;

/** Bytes of each chunk of a stream, but the last. */
export const minChunkBytes = 65_536;
export const defaultChunkBytes = 4_194_304;
export const maxChunkBytes = 1_073_741_824;

/** Chunks of one vnode. */
export const maxChunks = 65_536;

/** Chunks that a seal names: about 25 MB of it. */
export const maxSealedChunks = 100_000;

/**
 * How many bytes of chunks are under way at once, but for one chunk. Beside them a process that reads a stream has the 64
 * MiB of arrays that V8 lets lie before it collects them.
 */
export const bytesInFlight = 8_388_608;
