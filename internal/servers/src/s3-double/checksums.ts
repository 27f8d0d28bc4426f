import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { errors, Refusal } from "./error-response.ts";
import { headerOf, type SeenRequest } from "./request.ts";

/** The CRC32 in base64 that came with the body, which must be right; `undefined` if none came. */
export function checkedCrc32(request: SeenRequest): string | undefined {
  const sent = headerOf(request, "x-amz-checksum-crc32");
  if (sent === undefined) return undefined;
  if (Buffer.from(sent, "base64").length !== 4) throw new Refusal(errors.checksumInvalid);
  if (sent !== crc32Of(request.body)) throw new Refusal(errors.checksumWrong);
  return sent;
}

/** Checks the Content-MD5, and returns whether one came. */
export function checkMd5(request: SeenRequest): boolean {
  const sent = headerOf(request, "content-md5");
  if (sent === undefined) return false;
  const md5 = createHash("md5").update(request.body).digest("base64");
  if (sent !== md5) throw new Refusal(errors.md5Wrong);
  return true;
}

export function crc32Of(body: Uint8Array): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(body));
  return bytes.toString("base64");
}

export function etagOf(body: Uint8Array): string {
  return `"${createHash("md5").update(body).digest("hex")}"`;
}
