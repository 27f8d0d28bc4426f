import { createHash, hash } from "node:crypto";
import { Readable } from "node:stream";
import { crc32 } from "node:zlib";
import type { GetObjectCommandOutput, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { type CreateOptions, isStoreError } from "@state/core";
import {
  inSlices,
  readBody as readAnnounced,
  type RunningRequest,
  type StoreCall,
  storeError,
  turnBytes,
} from "@state/core/adapter";
import { roomToHash } from "./turns.ts";
import type { WireResponse } from "./wire.ts";

/** What a create sends beside its body, so that the service stores nothing else. */
export interface Digests {
  /** In base64. */
  readonly crc32: string;
  /** In hexadecimal: what is signed. */
  readonly sha256: string;
}

/** The SDK would compute both at once, and keep other work from running meanwhile. */
export async function digestsOf(
  body: Uint8Array,
  { sha256: known, signal }: CreateOptions,
): Promise<Digests> {
  await roomToHash(body.byteLength);
  if (body.byteLength <= turnBytes)
    return { crc32: base64Of(crc32(body)), sha256: known ?? hash("sha256", body) };
  const sha256 = createHash("sha256");
  let sum = 0;
  await inSlices(
    body,
    (slice) => {
      if (known === undefined) sha256.update(slice);
      sum = crc32(slice, sum);
    },
    signal,
  );
  return { crc32: base64Of(sum), sha256: known ?? sha256.digest("hex") };
}

/** As S3 writes a CRC32. */
function base64Of(sum: number): string {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(sum);
  return bytes.toString("base64");
}

/**
 * Whether a create sends the checksum of its body. The owner of the client can have it left out, for a service that refuses
 * it. Versions of the SDK before 3.729 have no such setting.
 */
export async function sendsChecksums({ config }: S3Client): Promise<boolean> {
  const setting: unknown = Reflect.get(config, "requestChecksumCalculation");
  const value: unknown = typeof setting === "function" ? await setting() : setting;
  return value !== "WHEN_REQUIRED";
}

/** Signs the digest that is known. */
export function signBy(command: PutObjectCommand, { sha256 }: Digests): void {
  command.middlewareStack.add(
    (next) => (args) => {
      const headers: unknown = Reflect.get(Object(args.request), "headers");
      Object.assign(Object(headers), { "x-amz-content-sha256": sha256 });
      return next(args);
    },
    { step: "build" },
  );
}

/**
 * Reads the whole body. The SDK compares it with the stored checksum. If none is stored, only the
 * length is compared. If the body is refused before its end, the request ends.
 *
 * The ETag is not used as a checksum: on some services it is the MD5 of the body, but only of an
 * object that was put in one part and without KMS.
 */
export async function readBody(
  response: GetObjectCommandOutput,
  call: StoreCall,
  request: RunningRequest,
): Promise<Uint8Array<ArrayBuffer>> {
  const { Body: stream, ContentLength: length } = response;
  const fault = responseFault(response);
  if (fault !== undefined || stream === undefined)
    throw storeError(call, { code: "Unavailable" }, fault ?? "the response has no body");
  try {
    return await readAnnounced(stream as unknown as AsyncIterable<Uint8Array>, { length }, call, request);
  } catch (error) {
    // The SDK has no name for it.
    if (isStoreError(error) || !/checksum mismatch/i.test(String(error))) throw error;
    throw storeError(call, { code: "Corrupt" }, String(error), { cause: error });
  }
}

/** A response that nothing has to be known of but its body. */
export interface PlainBody {
  readonly stream: AsyncIterable<Uint8Array>;
  readonly length: number;
  /** In base64; `undefined` if none is stored. */
  readonly crc32: string | undefined;
}

/** The body of a whole object that is held to its length and at most a CRC32; `undefined` if the SDK has to read it. */
export function plainBody({ statusCode, headers, body }: WireResponse): PlainBody | undefined {
  const length = headers["content-length"];
  const crc = headers["x-amz-checksum-crc32"];
  if (statusCode !== 200 || headers["etag"] === undefined || !/^\d+$/.test(length ?? "")) return undefined;
  if (!(body instanceof Readable) || crc?.includes("-") === true) return undefined;
  for (const name of algorithms) if (headers[name] !== undefined) return undefined;
  return { stream: body, length: Number(length), crc32: crc };
}

/** Checksums that the SDK can compare. */
const algorithms: readonly string[] = [
  "crc32c",
  "crc64nvme",
  "sha1",
  "sha256",
  "sha512",
  "md5",
  "xxhash3",
  "xxhash64",
  "xxhash128",
].map((name) => `x-amz-checksum-${name}`);

/** Reads such a body whole. */
export async function readPlain(
  { stream, length, crc32: stored }: PlainBody,
  call: StoreCall,
  request: RunningRequest,
): Promise<Uint8Array<ArrayBuffer>> {
  let sum = 0;
  const onPart =
    stored === undefined
      ? undefined
      : (part: Uint8Array): void => {
          sum = crc32(part, sum);
        };
  const bytes = await readAnnounced(stream, { length, onPart }, call, request);
  const own = base64Of(sum);
  if (stored === undefined || own === stored) return bytes;
  throw storeError(call, { code: "Corrupt" }, `checksum mismatch: the body's CRC32 is ${own}, not ${stored}`);
}

/** Whether a response says that an object was created. It has no body: of one that does, the SDK knows what it says. */
export function saysCreated({ statusCode, headers, body }: WireResponse): boolean {
  if (statusCode !== 200 || headers["etag"] === undefined || headers["content-length"] !== "0") return false;
  if (!(body instanceof Readable)) return false;
  body.resume();
  return true;
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
