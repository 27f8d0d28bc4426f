import type { Digest } from "./receipt.ts";

/** The SHA-256 of `bytes` as lower-case hex. Below 2^31 bytes: WebCrypto digests no more at once. */
export async function sha256Hex(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).reduce(
    (hex, byte) => hex + byte.toString(16).padStart(2, "0"),
    "",
  );
}

export async function digestOf(bytes: Uint8Array<ArrayBuffer>): Promise<Digest> {
  return { size: bytes.length, sha256: await sha256Hex(bytes) };
}
