import { createHash } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import type { ContainerClient } from "@azure/storage-blob";
import { isStoreError } from "@state/core";
import type { RunningRequest } from "./request.ts";
import { meansAbsent, storeError } from "./errors.ts";
import type { Operation } from "./errors.ts";
import { isDirectory } from "./listing.ts";
import { readSdkError, UnreadableResponse } from "./sdk-error.ts";

const bodyLimit = 2 ** 31;
/** The MD5 of half a gigabyte takes a second: other work of the process runs between the slices. */
const sliceBytes = 8 * 2 ** 20;

/**
 * Reads a blob whole, in one request, and compares it with its length and the MD5 that the service
 * keeps.
 */
export async function readBody(
  container: ContainerClient,
  blobName: string,
  operation: Operation,
  request: RunningRequest,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const response = await download(container, blobName, request.signal);
  if (response === undefined) return undefined;
  request.onProgress();
  const { contentLength, contentMD5, readableStreamBody: stream, blobType } = response;
  // When the request ends, its stream is destroyed with an error, even if the body was refused
  // unread. Without a listener that error would end the process.
  stream?.on("error", () => undefined);
  if (stream === undefined || contentLength === undefined || blobType === undefined) {
    throw storeError("Unavailable", operation, "the response is not one of the blob service");
  }
  if (contentLength >= bodyLimit) {
    throw storeError("Failed", operation, `the blob is ${contentLength} bytes, 2^31 or more`);
  }
  const bytes = new Uint8Array(contentLength);
  const hash = createHash("md5");
  let length = 0;
  try {
    for await (const chunk of stream) {
      const part = Buffer.from(chunk);
      if (length + part.byteLength > contentLength)
        throw storeError("Corrupt", operation, "more bytes arrived than its Content-Length");
      bytes.set(part, length);
      length += part.byteLength;
      hash.update(part);
      request.onProgress();
    }
  } catch (error) {
    // If a body has another length than its head says, the SDK rejects with a plain error.
    throw isStoreError(error) || readSdkError(error) !== undefined
      ? error
      : new UnreadableResponse("the body cannot be read to its end", error);
  }
  if (length !== contentLength) {
    throw storeError(
      "Corrupt",
      operation,
      `${length} bytes arrived of the ${contentLength} in its Content-Length`,
    );
  }
  if (contentMD5 !== undefined && !hash.digest().equals(contentMD5)) {
    throw storeError(
      "Corrupt",
      operation,
      "the bytes do not have the MD5 that the service keeps with the blob",
    );
  }
  return isDirectory(response.metadata) ? undefined : bytes;
}

async function download(
  container: ContainerClient,
  blobName: string,
  signal: AbortSignal,
): Promise<Awaited<ReturnType<ReturnType<ContainerClient["getBlobClient"]>["download"]>> | undefined> {
  try {
    // No request for the rest of a body that was cut. The SDK does not retry what current Node
    // reports for a cut, but it does retry what some versions reported.
    const options = { abortSignal: signal, maxRetryRequests: 0 };
    return await container.getBlobClient(blobName).download(0, undefined, options);
  } catch (error) {
    if (meansAbsent(error, "get")) return undefined;
    // The SDK throws a RangeError without a Content-Length or an ETag, which every response of the
    // service has.
    throw error instanceof RangeError ? new UnreadableResponse(error.message, error) : error;
  }
}

/**
 * The MD5 of `bytes`. The service compares a body with it before the blob exists, and keeps it with
 * the blob.
 */
export async function md5Of(bytes: Uint8Array): Promise<Uint8Array> {
  const hash = createHash("md5");
  for (let from = 0; from < bytes.byteLength; from += sliceBytes) {
    if (from > 0) await setImmediate();
    hash.update(bytes.subarray(from, from + sliceBytes));
  }
  return hash.digest();
}
