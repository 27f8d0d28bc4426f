import { createHash, createHmac, type Hash, type Hmac } from "node:crypto";
import type { BinaryLike } from "node:crypto";

/** The form that `SignatureV4` takes: a hash, or with a secret an HMAC. */
export class Sha256 {
  #hash: Hash | Hmac;
  readonly #secret: BinaryLike | undefined;

  constructor(secret?: unknown) {
    this.#secret = secret as BinaryLike | undefined;
    this.#hash = this.#start();
  }

  update(data: Uint8Array): void {
    this.#hash.update(data);
  }

  async digest(): Promise<Uint8Array> {
    return new Uint8Array(this.#hash.digest());
  }

  reset(): void {
    this.#hash = this.#start();
  }

  #start(): Hash | Hmac {
    return this.#secret === undefined ? createHash("sha256") : createHmac("sha256", this.#secret);
  }
}
