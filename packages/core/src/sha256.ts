import { nextTurn, turnBytes } from "./adapter/turn.ts";
import type { Digest } from "./receipt.ts";

/** What is used of Node's module. */
interface NodeCrypto {
  /** Of Node since 21.7. Gives hex. */
  hash?(algorithm: "sha256", bytes: Uint8Array): string;
  createHash(algorithm: "sha256"): NodeHash;
}

interface NodeHash {
  update(bytes: Uint8Array): NodeHash;
  digest(encoding: "hex"): string;
}

const { process } = globalThis as {
  readonly process?: { getBuiltinModule?(name: "crypto"): NodeCrypto | undefined };
};

let loaded: NodeCrypto | undefined;

/**
 * The SHA-256 of `bytes` as lower-case hex. Below 2^31 bytes: WebCrypto digests no more at once.
 *
 * @param bytes stay as they are until it resolves. Up to 512 KiB are hashed before the call returns.
 */
export async function sha256Hex(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  // WebCrypto copies the bytes and wakes another thread, which costs more than to hash 64 KiB.
  loaded ??= process?.getBuiltinModule?.("crypto");
  if (loaded === undefined) return hexOf(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
  if (bytes.length <= turnBytes && loaded.hash !== undefined) return loaded.hash("sha256", bytes);
  const hash = loaded.createHash("sha256");
  for (let from = 0; from < bytes.length; from += turnBytes) {
    if (from > 0) await nextTurn();
    hash.update(bytes.subarray(from, from + turnBytes));
  }
  return hash.digest("hex");
}

function hexOf(bytes: Uint8Array): string {
  return bytes.reduce((hex, byte) => hex + byte.toString(16).padStart(2, "0"), "");
}

export async function digestOf(bytes: Uint8Array<ArrayBuffer>): Promise<Digest> {
  return { size: bytes.length, sha256: await sha256Hex(bytes) };
}
