import { EventEmitter } from "node:events";
import type { GetObjectCommand, GetObjectCommandOutput } from "@aws-sdk/client-s3";
import { refusal, toStoreError } from "./errors.ts";
import type { Place } from "./errors.ts";

const bodyLimit = 2 ** 31;

/**
 * Lets a body that breaks before it is read, or that is never read, end its own call. The SDK's stream that compares
 * checksums has no listener for errors: without one they end the process.
 */
export function guardBody(command: GetObjectCommand): GetObjectCommand {
  command.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const body: unknown = Reflect.get(Object(result.output), "Body");
      if (body instanceof EventEmitter) body.on("error", () => undefined);
      return result;
    },
    { step: "deserialize", priority: "high" },
  );
  return command;
}

/**
 * Reads the whole body. The SDK compares it with the checksum that was stored; without one, its length is all there is.
 * What is not read on, `abortable` ends.
 *
 * The ETag is no checksum: it is the MD5 only of what was put in one part, without KMS, on some services.
 */
export async function readBody(answer: GetObjectCommandOutput, place: Place): Promise<Uint8Array> {
  const { Body: stream, ContentLength: length } = answer;
  const fault = faultOf(answer);
  if (fault !== undefined || stream === undefined) {
    throw refusal("Unavailable", place, fault ?? "the answer has no body");
  }
  if (length !== undefined && length >= bodyLimit) {
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
  const { ContentLength: length, ChecksumCRC32, ChecksumCRC32C, ChecksumCRC64NVME } = answer;
  const isVouchedFor =
    length !== undefined ||
    // One of a checksum for each part, with their number after a hyphen, the SDK does not compare.
    [ChecksumCRC32, ChecksumCRC32C, ChecksumCRC64NVME].some((sum) => sum?.includes("-") === false);
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
