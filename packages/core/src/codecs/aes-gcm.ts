import type { Codec, CodecContext } from "../codec.ts";

/** In bytes. */
const nonceLength = 12;
const tagLength = 16;
const keyLengths: ReadonlySet<number> = new Set([16, 24, 32]);

/**
 * A `CryptoKey` of WebCrypto, or the bytes of a key. `CryptoKey` is a global name in the types of browsers,
 * and not in those of every Node.
 */
export type AesGcmKey = Parameters<typeof crypto.subtle.encrypt>[1] | Uint8Array;

type WebCryptoKey = Exclude<AesGcmKey, Uint8Array>;

export interface AesGcmOptions {
  /**
   * Names the key, 1 to 180 of `[A-Za-z0-9=_.-]`. It is in each seal, in clear and for ever: another key has
   * another id.
   */
  readonly id: string;
  /**
   * 16, 24 or 32 bytes, which are copied; or a `CryptoKey` for AES-GCM. One with the usage `decrypt` alone
   * reads and cannot write.
   */
  readonly key: AesGcmKey;
}

/**
 * Encryption by AES-GCM of WebCrypto. The codec's id is `aes-gcm:` and the key's id. What is stored is a
 * random nonce of 12 bytes, the ciphertext, which is as long as the state, and the tag of 16 bytes: 28 bytes
 * more than the state.
 *
 * **What is authenticated**: the bytes, the epoch that they were written in, and the vnode or the attachment
 * that they belong to. Moved to another place they do not decrypt. The seal that names them is not: whoever
 * can write to the bucket can put back an older seal with the bytes of its epoch, leave a vnode out, or put
 * what was encoded piece by piece into another order. Nor is the seal secret: it holds the size and the
 * SHA-256 of what was encoded, so whoever can read the bucket can find out whether a guess of the whole of it
 * is right.
 *
 * **How long a key lasts**: 2^32 calls of `encode`, of all processes together, as the nonces are random (NIST
 * SP 800-38D, section 8.3). Change the key before that: put a codec with the new key, under a new id, first
 * in `codecs`, and keep the old ones after it for as long as anything written with them is kept.
 *
 * `decode` rejects with an `Error` for bytes that are too few, and for those that this key does not decrypt
 * in this place; the platform's error is the cause of the latter. `encode` does so if the key is for reading
 * alone.
 *
 * @throws `TypeError` for an id that is no string, and for a key that is neither bytes nor a `CryptoKey` that
 *   decrypts with AES-GCM; `RangeError` for another id, and for bytes of another length
 */
export function aesGcm(options: AesGcmOptions): Codec {
  const id = checkId(options.id);
  const key = keyOf(options.key);
  return {
    id: `aes-gcm:${id}`,
    async encode(bytes, context) {
      const own = await key();
      if (!own.usages.includes("encrypt"))
        throw new Error(`the key ${id} has no usage "encrypt": it reads, and cannot write`);
      const iv = crypto.getRandomValues(new Uint8Array(nonceLength));
      const encrypted = await crypto.subtle.encrypt(parametersOf(iv, context), own, bytes);
      const stored = new Uint8Array(nonceLength + encrypted.byteLength);
      stored.set(iv);
      stored.set(new Uint8Array(encrypted), nonceLength);
      return stored;
    },
    async decode(bytes, context) {
      if (bytes.byteLength < nonceLength + tagLength) {
        const least = `a nonce of ${nonceLength} bytes and a tag of ${tagLength}`;
        throw new Error(`${bytes.byteLength} bytes are too few: ${least} are the least`);
      }
      const parameters = parametersOf(bytes.subarray(0, nonceLength), context);
      const own = await key();
      try {
        return new Uint8Array(await crypto.subtle.decrypt(parameters, own, bytes.subarray(nonceLength)));
      } catch (cause) {
        const why = "the key is another, or the bytes are, or they belong to another epoch or place";
        throw new Error(`the bytes do not decrypt with the key ${id}: ${why}`, { cause });
      }
    },
  };
}

function checkId(id: unknown): string {
  if (typeof id !== "string") throw new TypeError(`id must be a string, not of type ${typeof id}`);
  if (!/^[A-Za-z0-9=_.-]{1,180}$/.test(id)) {
    const shown = JSON.stringify(id.length > 80 ? `${id.slice(0, 80)}…` : id);
    throw new RangeError(`id must be 1 to 180 of [A-Za-z0-9=_.-], not ${shown}`);
  }
  return id;
}

/** The key, checked at once. Bytes are imported when it is asked for, and once. No message shows them. */
function keyOf(key: unknown): () => Promise<WebCryptoKey> {
  // By the tag, not by `instanceof`: another realm has classes of its own.
  const tag = Object.prototype.toString.call(key);
  if (tag === "[object CryptoKey]") {
    const given = key as WebCryptoKey;
    const { algorithm, usages } = given;
    if (algorithm.name !== "AES-GCM")
      throw new TypeError(`key must be a CryptoKey for AES-GCM, not for ${algorithm.name}`);
    if (!usages.includes("decrypt")) throw new TypeError('key must have the usage "decrypt"');
    return async () => given;
  }
  if (tag !== "[object Uint8Array]" || !ArrayBuffer.isView(key))
    throw new TypeError(`key must be a CryptoKey or a Uint8Array, not ${tag}`);
  if (!keyLengths.has(key.byteLength))
    throw new RangeError(`key must be of 16, 24 or 32 bytes, not of ${key.byteLength}`);
  const bytes = new Uint8Array(key as Uint8Array);
  let imported: Promise<WebCryptoKey> | undefined;
  return () => (imported ??= crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]));
}

function parametersOf(iv: Uint8Array<ArrayBuffer>, context: CodecContext): AesGcmParams {
  return {
    name: "AES-GCM",
    iv,
    additionalData: new TextEncoder().encode(placeOf(context)),
    tagLength: tagLength * 8,
  };
}

/** One text for each place, and for no other. It is part of the stored form: never change it. */
function placeOf({ writtenAt, vnode, attachment }: CodecContext): string {
  if ((vnode === undefined) === (attachment === undefined)) {
    const which = vnode === undefined ? "neither" : "both";
    throw new TypeError(`the context must have one of vnode and attachment, not ${which}`);
  }
  const place = vnode === undefined ? `attachment=${attachment}` : `vnode=${vnode}`;
  return `@state aes-gcm\nepoch=${writtenAt}\n${place}`;
}
