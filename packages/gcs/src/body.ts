import { createHash } from "node:crypto";
import { CRC32C } from "@google-cloud/storage";
import type { ServiceResponse } from "./response.ts";
import { storeError } from "./errors.ts";
import type { Operation } from "./errors.ts";

/** The bytes of a download, if they match the hash that the service has stored with them. */
export function readBody(response: ServiceResponse, operation: Operation): Uint8Array<ArrayBuffer> {
  const { chunks, headers } = response;
  const stored = hashesOf(headers.get("x-goog-hash") ?? "");
  const name = stored.has("md5") ? "md5" : "crc32c";
  const expected = stored.get(name);
  if (expected === undefined) {
    throw storeError(
      "Unavailable",
      operation,
      "the response has no x-goog-hash: it is not of Cloud Storage, or its headers were removed on the way",
    );
  }
  // The MD5 comes first, because Node computes it in native code, and the SDK's CRC32C runs at 70
  // MB/s. Every object of the store has an MD5. Composite objects have none.
  const actual = name === "md5" ? md5Of(chunks) : crc32cOf(chunks);
  const length = chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);
  if (actual !== expected) {
    throw storeError(
      "Corrupt",
      operation,
      `the ${name} of the ${length} bytes is ${actual}, the service has stored ${expected}`,
    );
  }
  // A new array: small Buffers share their memory with others.
  const body = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    body.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return body;
}

/** Parses `crc32c=AAAAAA==,md5=…`. Two headers are joined in the same way. */
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
