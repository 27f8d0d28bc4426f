import { createHash } from "node:crypto";
import { CRC32C } from "@google-cloud/storage";
import { corrupt, unavailable } from "./errors.ts";
import type { Place } from "./errors.ts";
import type { Answer } from "./exchange.ts";

/** The bytes of a download, once they are those that the service has stored. */
export function bodyFrom(answer: Answer, place: Place): Uint8Array {
  const { chunks, headers } = answer;
  const stored = hashesOf(headers.get("x-goog-hash") ?? "");
  const name = stored.has("md5") ? "md5" : "crc32c";
  const expected = stored.get(name);
  if (expected === undefined) {
    throw unavailable(
      place,
      "the answer has no x-goog-hash: it is not of Cloud Storage, or its headers were taken out on the way",
    );
  }
  // Every object of ours has an MD5, by native code. Composite objects have none; the SDK's CRC32C runs at 70 MB/s.
  const actual = name === "md5" ? md5Of(chunks) : crc32cOf(chunks);
  const length = chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);
  if (actual !== expected) {
    throw corrupt(place, `${length} bytes came with ${name} ${actual}, the service has stored ${expected}`);
  }
  // Not a Buffer: small ones share their memory with others.
  const body = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    body.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return body;
}

/** `crc32c=AAAAAA==,md5=…`; two headers arrive joined in the same way. */
function hashesOf(header: string): ReadonlyMap<string, string> {
  return new Map(
    header.split(",").map((part) => {
      const [name = "", ...value] = part.trim().split("=");
      return [name, value.join("=")];
    }),
  );
}

function md5Of(chunks: readonly Uint8Array[]): string {
  const hash = createHash("md5");
  for (const chunk of chunks) hash.update(chunk);
  return hash.digest("base64");
}

function crc32cOf(chunks: readonly Uint8Array[]): string {
  const crc = new CRC32C();
  for (const { buffer, byteOffset, byteLength } of chunks)
    crc.update(Buffer.from(buffer, byteOffset, byteLength));
  return crc.toString();
}
