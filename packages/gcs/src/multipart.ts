import { randomUUID } from "node:crypto";
import type { ServiceRequest } from "./request.ts";

const encoder = new TextEncoder();

/**
 * The metadata and the bytes in one request, so that the service checks the bytes by the hash before the object exists.
 */
export function multipart(
  path: string,
  metadata: Readonly<Record<string, string>>,
  body: Uint8Array,
): ServiceRequest {
  const boundary = randomUUID();
  const head =
    `--${boundary}\r\ncontent-type: application/json; charset=utf-8\r\n\r\n${JSON.stringify(metadata)}\r\n` +
    `--${boundary}\r\ncontent-type: application/octet-stream\r\n\r\n`;
  return {
    method: "POST",
    path,
    headers: { "content-type": `multipart/related; boundary=${boundary}` },
    body: [encoder.encode(head), body, encoder.encode(`\r\n--${boundary}--\r\n`)],
  };
}
