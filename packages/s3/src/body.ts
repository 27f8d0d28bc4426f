import type { GetObjectCommandOutput } from "@aws-sdk/client-s3";
import { refusal, toStoreError } from "./errors.ts";
import type { Place } from "./errors.ts";

const bodyLimit = 2 ** 31;

/**
 * Reads the whole body. The SDK compares it with the checksum that was stored; without one, its length is all there is.
 *
 * The ETag is no checksum: it is the MD5 only of what was put in one part, without KMS, on some services.
 */
export async function readBody(answer: GetObjectCommandOutput, place: Place): Promise<Uint8Array> {
  const { Body: stream, ContentLength: length } = answer;
  const fault = faultOf(answer);
  if (fault !== undefined || stream === undefined) {
    if (stream !== undefined && "destroy" in stream) stream.destroy();
    throw refusal("Unavailable", place, fault ?? "the answer has no body");
  }
  if (length !== undefined && length >= bodyLimit) {
    if ("destroy" in stream) stream.destroy();
    throw refusal("Failed", place, `the object is ${length} bytes long, 2^31 or more`);
  }
  const chunks: Uint8Array[] = [];
  let received = 0;
  try {
    for await (const chunk of stream as unknown as AsyncIterable<Uint8Array>) {
      chunks.push(chunk);
      received += chunk.byteLength;
    }
  } catch (error) {
    throw toStoreError(error, place);
  }
  if (length !== undefined && received !== length) {
    throw refusal("Corrupt", place, `${received} bytes came of the ${length} that were announced`);
  }
  return concatenate(chunks, received);
}

/** Why the answer is not one of S3's with an object in it: a proxy's page, or a part of the object. */
function faultOf(answer: GetObjectCommandOutput): string | undefined {
  const status = answer.$metadata.httpStatusCode;
  if (status !== 200) return `the answer's status is ${status}, not 200`;
  if (answer.ETag === undefined) return "the answer has no ETag, so that it is not an object's";
  const isVouchedFor =
    answer.ContentLength !== undefined ||
    [answer.ChecksumCRC32, answer.ChecksumCRC32C, answer.ChecksumCRC64NVME].some((sum) => sum !== undefined);
  return isVouchedFor ? undefined : "the answer has neither a length nor a checksum";
}

function concatenate(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return bytes;
}
