/** Bytes as they are given, and as they are stored: a codec stands between them. */
import { isUint8Array, unshared } from "./bytes.ts";
import type { Codec, CodecContext, Codecs } from "./codec.ts";
import { messageOf, StateError, type StateErrorDetails } from "./errors.ts";
import { maxBytes } from "./limits.ts";
import type { Coded, Digest } from "./receipt.ts";
import { digestOf } from "./sha256.ts";

/** What is stored for some bytes, and what is said of it. */
export interface Packed {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly form: Digest & Coded;
}

/**
 * Encodes bytes, with the codec that writes if there is one.
 *
 * @param digest of the bytes, if it is known
 * @throws `SourceFailed` if the codec does
 */
export async function pack(
  codec: Codec | undefined,
  bytes: Uint8Array<ArrayBuffer>,
  context: CodecContext,
  digest?: Digest,
): Promise<Packed> {
  const plain = digest ?? (await digestOf(bytes));
  if (codec === undefined) return { body: bytes, form: plain };
  const body = await encode(codec, bytes, context);
  return { body, form: { ...(await digestOf(body)), codec: codec.id, plain } };
}

async function encode(
  codec: Codec,
  bytes: Uint8Array<ArrayBuffer>,
  context: CodecContext,
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const encoded = asBytes(await codec.encode(bytes, context));
    if (encoded.length >= maxBytes) throw new RangeError(`they became ${encoded.length} bytes, 2^31 or more`);
    return encoded;
  } catch (cause) {
    const { writtenAt: epoch, vnode, attachment } = context;
    const what = vnode === undefined ? `attachment ${attachment}` : `vnode ${vnode}`;
    const message = `codec ${codec.id} could not encode ${bytes.length} bytes of ${what} in epoch ${epoch}: ${messageOf(cause)}`;
    throw new StateError("SourceFailed", message, { sealed: "unknown", epoch, vnode, cause });
  }
}

/** How bytes came to be as they are stored. */
interface Origin extends Coded {
  readonly context: CodecContext;
}

/**
 * Decodes what was stored.
 *
 * @param body is known to be what a seal or a receipt describes
 * @throws `UnknownCodec`, `Corrupt`
 */
export async function unpack(
  codecs: Codecs,
  body: Uint8Array<ArrayBuffer>,
  { codec: id, plain, context }: Origin,
  details: StateErrorDetails,
): Promise<Uint8Array<ArrayBuffer>> {
  if (id === undefined || plain === undefined) return body;
  const codec = codecs.find(id);
  if (codec === undefined) {
    const message = `${details.key} was written with codec ${id}, and the backend was opened without it`;
    throw new StateError("UnknownCodec", message, details);
  }
  const bytes = await decode(codec, body, { ...context, size: plain.size }, details);
  const is = bytes.length === plain.size ? await digestOf(bytes) : undefined;
  // rule: decoded-bytes-are-checked
  if (is?.sha256 === plain.sha256) return bytes;
  const message = `${details.key} decodes to ${bytes.length} bytes that are not the ${plain.size} that were encoded`;
  throw new StateError("Corrupt", message, details);
}

async function decode(
  codec: Codec,
  body: Uint8Array<ArrayBuffer>,
  context: CodecContext & { readonly size: number },
  details: StateErrorDetails,
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return asBytes(await codec.decode(body, context));
  } catch (cause) {
    const message = `codec ${codec.id} could not decode ${details.key}: ${messageOf(cause)}`;
    throw new StateError("Corrupt", message, { ...details, cause });
  }
}

function asBytes(encoded: Uint8Array): Uint8Array<ArrayBuffer> {
  if (!isUint8Array(encoded)) throw new TypeError("a codec must give a Uint8Array");
  return unshared(encoded);
}
