import { createHash } from "node:crypto";
import { setImmediate } from "node:timers/promises";

/** MD5 takes a second for half a gigabyte: everything else gets its turn in between. */
const sliceBytes = 8 * 2 ** 20;

/** The MD5 of all of `bytes`: what the service checks a body by before the blob exists, and keeps with it. */
export async function md5(bytes: Uint8Array): Promise<Uint8Array> {
  const hash = createHash("md5");
  for (let from = 0; from < bytes.byteLength; from += sliceBytes) {
    if (from > 0) await setImmediate();
    hash.update(bytes.subarray(from, from + sliceBytes));
  }
  return hash.digest();
}
