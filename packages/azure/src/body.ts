import { createHash, type Hash } from "node:crypto";
import type { ContainerClient } from "@azure/storage-blob";
import { isStoreError } from "@state/core";
import { inSlices, readBody, type RunningRequest, type StoreCall, storeError } from "@state/core/adapter";
import { meansAbsent, readRefusal, UnreadableResponse } from "./errors.ts";
import { isDirectory, refuseDirectory } from "./namespace.ts";
import type { Settings } from "./options.ts";
import type { SdkResponse } from "./request.ts";

/**
 * An MD5 to be computed: the service compares a create's with the body before the blob exists, and keeps it for each get.
 *
 * @throws `StoreError` `Misconfigured` where Node has none
 */
export function startMd5(call: StoreCall): Hash {
  try {
    return createHash("md5");
  } catch (cause) {
    const advice = "Node's FIPS mode has no MD5, by which this store checks bodies: run without it";
    throw storeError(call, { code: "Misconfigured", advice }, "there is no MD5", { cause });
  }
}

/** The MD5 of `bytes`, 16 bytes. Other work of the process runs in between. */
export async function md5Of(
  bytes: Uint8Array,
  call: StoreCall,
  signal: AbortSignal | undefined,
): Promise<Buffer> {
  const hash = startMd5(call);
  await inSlices(bytes, (slice) => hash.update(slice), signal);
  return hash.digest();
}

/** A blob's response, before its body is read. */
export interface BlobResponse {
  readonly contentLength?: number | undefined;
  readonly contentMD5?: Uint8Array | undefined;
  readonly contentRange?: string | undefined;
  readonly blobType?: string | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  readonly readableStreamBody?: NodeJS.ReadableStream | undefined;
}

/**
 * Reads a blob whole, in one request, and compares it with its length and the MD5 that the service
 * keeps.
 *
 * @param respond sends the request; `undefined` is an absent blob
 */
export async function readBlob(
  blobName: string,
  call: StoreCall,
  request: RunningRequest,
  respond: () => Promise<BlobResponse | undefined>,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const hash = startMd5(call);
  const response = await respond();
  if (response === undefined) return undefined;
  const { contentLength: length, contentMD5, contentRange, readableStreamBody: stream, blobType } = response;
  // When the request ends, its stream is destroyed with an error, even if the body was refused
  // unread. Without a listener that error would end the process.
  stream?.on("error", () => undefined);
  if (stream === undefined || length === undefined || blobType === undefined || contentRange !== undefined)
    throw new UnreadableResponse("the response is not one of a whole blob");
  if (isDirectory(response.metadata)) throw refuseDirectory(call, blobName);
  const body = stream as unknown as AsyncIterable<Uint8Array>;
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = await readBody(body, { length, onPart: (part) => hash.update(part) }, call, request);
  } catch (error) {
    // If a body has another length than its head says, the SDK rejects with a plain error.
    throw isStoreError(error) || readRefusal(error) !== undefined
      ? error
      : new UnreadableResponse("the body cannot be read to its end", error);
  }
  if (contentMD5 !== undefined && !hash.digest().equals(contentMD5)) {
    const why = "the bytes do not have the MD5 that the service keeps with the blob";
    throw storeError(call, { code: "Corrupt" }, why);
  }
  return bytes;
}

/** Sends the request by the SDK. */
export async function download(
  container: ContainerClient,
  blobName: string,
  options: Settings["get"],
  signal: AbortSignal,
): Promise<BlobResponse | undefined> {
  try {
    // No request for the rest of a body that was cut. The SDK does not retry what current Node
    // reports for a cut, but it does retry what some versions reported.
    const sdkOptions = { ...options, abortSignal: signal, maxRetryRequests: 0 };
    return await container.getBlobClient(blobName).download(0, undefined, sdkOptions);
  } catch (error) {
    if (meansAbsent(error, "get")) return undefined;
    // The SDK throws a RangeError without a Content-Length or an ETag, which every response of the
    // service has.
    throw error instanceof RangeError ? new UnreadableResponse(error.message, error) : error;
  }
}

/** Reads the head of a response that did not come by the SDK. */
export function blobResponseOf({ headers, readableStreamBody }: SdkResponse): BlobResponse {
  const length = headers.get("content-length");
  const md5 = headers.get("content-md5");
  if (length === undefined || !/^\d+$/.test(length) || headers.get("etag") === undefined)
    throw new UnreadableResponse("the response has no length or no ETag");
  const isFolder = headers.get("x-ms-meta-hdi_isfolder");
  return {
    contentLength: Number(length),
    contentMD5: md5 === undefined ? undefined : Buffer.from(md5, "base64"),
    contentRange: headers.get("content-range"),
    blobType: headers.get("x-ms-blob-type"),
    metadata: isFolder === undefined ? {} : { hdi_isfolder: isFolder },
    readableStreamBody: readableStreamBody as NodeJS.ReadableStream | undefined,
  };
}
