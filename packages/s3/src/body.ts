import { EventEmitter } from "node:events";
import type { GetObjectCommand, GetObjectCommandOutput } from "@aws-sdk/client-s3";
import { storeError, toStoreError } from "./errors.ts";
import type { Operation } from "./errors.ts";

const bodyLimit = 2 ** 31;

/**
 * Adds a listener for errors to the response's body. The SDK's stream that compares checksums has
 * none: if the body breaks before it is read, or is never read, its error would end the process.
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
 * Reads the whole body. The SDK compares it with the stored checksum. If none is stored, only the
 * length is compared. If the body is refused before its end, `raceAbort` ends the request.
 *
 * The ETag is not used as a checksum: on some services it is the MD5 of the body, but only of an
 * object that was put in one part and without KMS.
 */
export async function readBody(
  response: GetObjectCommandOutput,
  operation: Operation,
): Promise<Uint8Array<ArrayBuffer>> {
  const { Body: stream, ContentLength: length } = response;
  const fault = responseFault(response);
  if (fault !== undefined || stream === undefined) {
    throw storeError("Unavailable", operation, fault ?? "the response has no body");
  }
  if (length !== undefined && length >= bodyLimit) {
    throw storeError("Failed", operation, `the object is ${length} bytes long, 2^31 or more`);
  }
  const chunks: Uint8Array[] = [];
  let received = 0;
  try {
    for await (const chunk of stream as unknown as AsyncIterable<Uint8Array>) {
      chunks.push(chunk);
      received += chunk.byteLength;
    }
  } catch (error) {
    throw toStoreError(error, operation);
  }
  if (length !== undefined && received !== length) {
    throw storeError(
      "Corrupt",
      operation,
      `${received} bytes arrived of the ${length} in its Content-Length`,
    );
  }
  return concatenate(chunks, received);
}

/**
 * Why the response is not a whole object of S3: it may be a proxy's page, or a part of the object.
 */
function responseFault(response: GetObjectCommandOutput): string | undefined {
  const status = response.$metadata.httpStatusCode;
  if (status !== 200) return `the response's status is ${status}, not 200`;
  if (response.ETag === undefined) return "the response has no ETag, which every object has";
  const { ContentLength: length, ChecksumCRC32, ChecksumCRC32C, ChecksumCRC64NVME } = response;
  const isVerifiable =
    length !== undefined ||
    // The SDK does not compare a checksum of a multipart upload: that of its parts, with their
    // number after a hyphen.
    [ChecksumCRC32, ChecksumCRC32C, ChecksumCRC64NVME].some((sum) => sum?.includes("-") === false);
  return isVerifiable ? undefined : "the response has neither a length nor a checksum";
}

function concatenate(chunks: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return bytes;
}
