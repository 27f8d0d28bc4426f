import { createHash } from "node:crypto";

const table = Int32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = (value & 1) === 0 ? value >>> 1 : (value >>> 1) ^ 0x82f63b78;
  return value;
});

export interface Hashes {
  readonly md5Hash: string;
  readonly crc32c: string;
}

/** The hashes in base64, as the service gives them. */
export function hashesOf(bytes: Uint8Array): Hashes {
  let crc = -1;
  for (const byte of bytes) crc = (table[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  const crc32c = Buffer.alloc(4);
  crc32c.writeInt32BE(~crc);
  return {
    md5Hash: createHash("md5").update(bytes).digest("base64"),
    crc32c: crc32c.toString("base64"),
  };
}
