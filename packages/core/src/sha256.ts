import type { Digest } from "./receipt.ts";

/** The SHA-256 of `bytes` as lower-case hex. Below 2^31 bytes: WebCrypto digests no more at once. */
export async function sha256Hex(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).reduce(
    (hex, byte) => hex + byte.toString(16).padStart(2, "0"),
    "",
  );
}

/** By its tag, not by `instanceof`: a test runner's realm has a Uint8Array of its own. */
export function isUint8Array(value: unknown): value is Uint8Array {
  return ArrayBuffer.isView(value) && Object.prototype.toString.call(value) === "[object Uint8Array]";
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) if (a[index] !== b[index]) return false;
  return true;
}

export async function digestOf(bytes: Uint8Array<ArrayBuffer>): Promise<Digest> {
  return { size: bytes.length, sha256: await sha256Hex(bytes) };
}
