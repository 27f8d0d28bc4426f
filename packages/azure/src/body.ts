import { createHash } from "node:crypto";
import type { ContainerClient } from "@azure/storage-blob";
import { isStoreError } from "@state/core";
import type { Attempt } from "./attempt.ts";
import { answerOf, failure, meaningOf, Unreadable } from "./errors.ts";
import type { Place } from "./errors.ts";
import { isDirectory } from "./listing.ts";

const bodyLimit = 2 ** 31;

/** Reads a blob whole, in one request, and checks it against its length and the MD5 that the service keeps. */
export async function read(
  container: ContainerClient,
  blobName: string,
  place: Place,
  running: Attempt,
): Promise<Uint8Array | undefined> {
  const answer = await open(container, blobName, running.signal);
  if (answer === undefined) return undefined;
  running.alive();
  const { contentLength, contentMD5, readableStreamBody: stream, blobType } = answer;
  // The end of the attempt destroys it, also when it is refused unread: the error would be nobody's, and end the process.
  stream?.on("error", () => undefined);
  if (stream === undefined || contentLength === undefined || blobType === undefined) {
    throw failure("Unavailable", place, "the answer is not one of the blob service");
  }
  if (contentLength >= bodyLimit) {
    throw failure("Failed", place, `the blob is ${contentLength} bytes, 2^31 or more`);
  }
  const bytes = new Uint8Array(contentLength);
  const hash = createHash("md5");
  let length = 0;
  try {
    for await (const chunk of stream) {
      const part = Buffer.from(chunk);
      if (length + part.byteLength > contentLength)
        throw failure("Corrupt", place, "more bytes came than were announced");
      bytes.set(part, length);
      length += part.byteLength;
      hash.update(part);
      running.alive();
    }
  } catch (error) {
    // The SDK tells by a plain error that a body has not the length of its head.
    throw isStoreError(error) || answerOf(error) !== undefined
      ? error
      : new Unreadable("the body cannot be read to its end", error);
  }
  if (length !== contentLength) {
    throw failure("Corrupt", place, `${length} bytes came of ${contentLength}`);
  }
  if (contentMD5 !== undefined && !hash.digest().equals(contentMD5)) {
    throw failure("Corrupt", place, "the bytes do not have the MD5 that the service keeps with the blob");
  }
  return isDirectory(answer.metadata) ? undefined : bytes;
}

async function open(
  container: ContainerClient,
  blobName: string,
  signal: AbortSignal,
): Promise<Awaited<ReturnType<ReturnType<ContainerClient["getBlobClient"]>["download"]>> | undefined> {
  try {
    // Never ask by itself for the rest of a body that was cut. Node reports a cut in a way that the SDK does not retry; not all did.
    const options = { abortSignal: signal, maxRetryRequests: 0 };
    return await container.getBlobClient(blobName).download(0, undefined, options);
  } catch (error) {
    const answer = answerOf(error);
    if (answer !== undefined && meaningOf(answer, "get") === "absent") return undefined;
    // The SDK asks for a Content-Length and an ETag, which every answer of the service has.
    throw error instanceof RangeError ? new Unreadable(error.message, error) : error;
  }
}
