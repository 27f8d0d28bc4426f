import { createHash } from "node:crypto";
import type { BlobDownloadResponseParsed } from "@azure/storage-blob";
import { failure, type Place } from "./errors.ts";

const bodyLimit = 2 ** 31;

/** Reads the whole body, and holds it against the length and the MD5 that the service stored. */
export async function readBody(
  answer: BlobDownloadResponseParsed,
  place: Place,
  moved: () => void,
): Promise<Uint8Array> {
  const { readableStreamBody: stream, contentLength: length, contentMD5: md5 } = answer;
  if (stream === undefined || length === undefined || answer.etag === undefined) {
    throw failure("Unavailable", place, "the answer is no blob's: it has no body, length or etag");
  }
  if (length >= bodyLimit) {
    Reflect.apply(Reflect.get(stream, "destroy") as () => void, stream, []);
    throw failure("Failed", place, `the blob is ${length} bytes long, 2^31 or more`);
  }
  const bytes = new Uint8Array(length);
  const hash = createHash("md5");
  let received = 0;
  for await (const chunk of stream) {
    const part = chunk as Buffer;
    moved();
    if (received + part.length > length) throw wrongLength(place, received + part.length, length);
    bytes.set(part, received);
    hash.update(part);
    received += part.length;
  }
  if (received !== length) throw wrongLength(place, received, length);
  if (md5 !== undefined && !hash.digest().equals(md5)) {
    throw failure("Corrupt", place, "the bytes that came are not those of the stored MD5");
  }
  return bytes;
}

function wrongLength(place: Place, received: number, length: number): Error {
  return failure("Corrupt", place, `${received} bytes came of the ${length} that were announced`);
}
