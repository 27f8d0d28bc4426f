import { createHash } from "node:crypto";
import {
  bodyLimit,
  inSlices,
  readBody,
  type RunningRequest,
  type StoreCall,
  storeError,
} from "@state/core/adapter";
import type { ResponseHeaders, StreamedResponse } from "./response.ts";
import { loadStorage } from "./sdk.ts";

/** The hash of a body, as the service stores it with the object. */
export interface BodyHash {
  /** Its field in the metadata of an object. */
  readonly field: "md5Hash" | "crc32c";
  /** In base64. */
  readonly value: string;
}

interface RunningHash {
  /** Its name in the header `x-goog-hash`. */
  readonly name: "md5" | "crc32c";
  readonly field: BodyHash["field"];
  /** What it takes in a few milliseconds. */
  readonly sliceBytes: number;
  update(bytes: Uint8Array): void;
  value(): string;
}

/** The hash by which the service checks a body before the object exists. */
export async function hashOf(body: Uint8Array, signal: AbortSignal | undefined): Promise<BodyHash> {
  const hash = md5() ?? (await crc32c());
  await inSlices(body, (slice) => hash.update(slice), signal, hash.sliceBytes);
  return { field: hash.field, value: hash.value() };
}

/** The bytes of a download, if they match the hash that the service has stored with them. */
export async function readObject(
  { headers, body }: StreamedResponse,
  call: StoreCall,
  request: RunningRequest,
): Promise<Uint8Array<ArrayBuffer>> {
  const stored = hashesOf(headers.get("x-goog-hash") ?? "");
  // MD5 comes first, because Node computes it in native code, and the SDK's CRC32C runs at 70 MB/s. Composite objects have
  // none, and in FIPS mode Node has none.
  const hash = (stored.has("md5") ? md5() : undefined) ?? (stored.has("crc32c") ? await crc32c() : undefined);
  if (hash === undefined) {
    const advice = "it is not of Cloud Storage, or its headers were removed on the way";
    const why = `the response has no x-goog-hash that can be checked, but ${headers.get("x-goog-hash") ?? "none"}`;
    throw storeError(call, { code: "Unavailable", advice }, why);
  }
  const announced = { length: lengthOf(headers), onPart: (part: Uint8Array) => hash.update(part) };
  const bytes = await readBody(body, announced, call, request);
  const [actual, expected] = [hash.value(), stored.get(hash.name)];
  if (actual !== expected) {
    const why = `the ${hash.name} of the ${bytes.byteLength} bytes is ${actual}, the service has stored ${expected}`;
    throw storeError(call, { code: "Corrupt" }, why);
  }
  return bytes;
}

/**
 * The length of the body, if it is told. Where something on the way has compressed it, its `Content-Length` is of the
 * compressed bytes.
 */
function lengthOf(headers: ResponseHeaders): number | undefined {
  const stored = headers.get("x-goog-stored-content-length");
  const isEncoded = !["", "identity"].includes(headers.get("content-encoding") ?? "");
  const length = (isEncoded ? undefined : headers.get("content-length")) ?? stored;
  if (length === null || !/^\d+$/.test(length)) return undefined;
  // A longer one would be no exact number.
  return Math.min(Number(length), bodyLimit);
}

/** Parses `crc32c=AAAAAA==,md5=…`. Two headers are joined in the same way. */
function hashesOf(header: string): ReadonlyMap<string, string> {
  return new Map(
    header.split(",").map((part) => {
      const [name = "", ...value] = part.trim().split("=");
      return [name, value.join("=")];
    }),
  );
}

function md5(): RunningHash | undefined {
  const hash = md5OfNode();
  if (hash === undefined) return undefined;
  return {
    name: "md5",
    field: "md5Hash",
    sliceBytes: 2 * 2 ** 20,
    update: (bytes) => void hash.update(bytes),
    value: () => hash.digest("base64"),
  };
}

function md5OfNode(): ReturnType<typeof createHash> | undefined {
  try {
    return createHash("md5");
  } catch {
    // FIPS mode, or another policy of OpenSSL, has no MD5. The service takes CRC32C as well.
    return undefined;
  }
}

async function crc32c(): Promise<RunningHash> {
  const { CRC32C } = await loadStorage();
  const crc = new CRC32C();
  return {
    name: "crc32c",
    field: "crc32c",
    sliceBytes: 256 * 1024,
    update: ({ buffer, byteOffset, byteLength }) => crc.update(Buffer.from(buffer, byteOffset, byteLength)),
    value: () => crc.toString(),
  };
}
