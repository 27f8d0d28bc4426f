import type { SortedObjects } from "../sorted-objects.ts";
import { checkedCrc32, checkMd5, etagOf } from "./checksums.ts";
import { errors, Refusal } from "./error-response.ts";
import type { Settings } from "./options.ts";
import { headerOf, type SeenRequest } from "./request.ts";
import type { StoredObject } from "./stored-object.ts";
import { parseDelete, resultXml } from "./xml.ts";

/** The objects of the bucket by key. */
export type Bucket = SortedObjects<StoredObject>;

export interface S3Response {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | Buffer | undefined;
}

const maxKeyBytes = 1_024;
/** The most keys of a page of a listing, and of a bulk delete. */
const maxKeys = 1_000;

export function putObject(bucket: Bucket, request: SeenRequest, settings: Settings): S3Response {
  const { key, body } = request;
  if (Buffer.byteLength(key) > maxKeyBytes) throw new Refusal(errors.keyTooLong);
  checkCondition(bucket, request, settings);
  const crc32 = checkedCrc32(request);
  checkMd5(request);
  const etag = etagOf(body);
  bucket.put(key, {
    body,
    etag,
    crc32,
    contentType: headerOf(request, "content-type") ?? "binary/octet-stream",
    lastModified: new Date(settings.now()),
  });
  return { status: 200, headers: { etag, ...checksumHeaders(crc32) } };
}

function checkCondition(bucket: Bucket, request: SeenRequest, { condition }: Settings): void {
  if (headerOf(request, "if-none-match") === undefined || condition === "ignores") return;
  if (condition === "501") throw new Refusal(errors.notImplemented);
  if (condition === "400") throw new Refusal(errors.conditionInvalid);
  if (headerOf(request, "if-none-match") !== "*") throw new Refusal(errors.notImplemented);
  const there = bucket.get(request.key);
  if (there === undefined) return;
  throw new Refusal({ ...errors.preconditionFailed, headers: objectHeaders(there) });
}

export function getObject(bucket: Bucket, request: SeenRequest): S3Response {
  const object = bucket.get(request.key);
  if (object === undefined) throw new Refusal(errors.keyAbsent);
  const wantsChecksum = headerOf(request, "x-amz-checksum-mode") === "ENABLED";
  return {
    status: 200,
    headers: {
      ...objectHeaders(object),
      "content-type": object.contentType,
      ...(wantsChecksum ? checksumHeaders(object.crc32) : {}),
    },
    body: object.body,
  };
}

export function listObjects(bucket: Bucket, request: SeenRequest, settings: Settings): S3Response {
  const { query } = request;
  const token = query.get("continuation-token");
  if (token !== null && !/^[A-Za-z0-9+/]+=*$/.test(token)) throw new Refusal(errors.tokenIncorrect);
  const prefix = query.get("prefix") ?? "";
  const delimiter = query.get("delimiter") ?? "";
  const wanted = Number(query.get("max-keys") ?? maxKeys);
  const after = Buffer.from(token ?? "", "base64").toString();
  const { objects, folders, next } = bucket.list(prefix, delimiter, after, Math.min(wanted, maxKeys));
  const content = {
    Name: request.bucket,
    Prefix: prefix,
    ...(token === null ? {} : { ContinuationToken: token }),
    ...(next === undefined ? {} : { NextContinuationToken: Buffer.from(next).toString("base64") }),
    KeyCount: objects.length + folders.length,
    MaxKeys: wanted,
    ...(delimiter === "" ? {} : { Delimiter: delimiter }),
    IsTruncated: next !== undefined,
    Contents: objects.map(([key, object]) => ({
      Key: key,
      LastModified: object.lastModified.toISOString(),
      ETag: object.etag,
      Size: object.body.length,
      StorageClass: settings.configuration.storageClass ?? "STANDARD",
    })),
    CommonPrefixes: folders.map((folder) => ({ Prefix: folder })),
  };
  return xmlResponse(resultXml("ListBucketResult", content));
}

export function deleteObjects(bucket: Bucket, request: SeenRequest, settings: Settings): S3Response {
  if (settings.bulkDelete === "MissingContentMD5") throw new Refusal(errors.md5Missing);
  if (settings.bulkDelete === "NotImplemented") throw new Refusal(errors.notImplemented);
  const hasMd5 = checkMd5(request);
  if (checkedCrc32(request) === undefined && !hasMd5) throw new Refusal(errors.md5Missing);
  const parsed = parseDelete(request.body.toString());
  if (parsed === undefined || parsed.keys.length > maxKeys) throw new Refusal(errors.malformedXml);
  for (const key of parsed.keys) bucket.delete(key);
  const deleted = parsed.isQuiet ? [] : parsed.keys.map((key) => ({ Key: key }));
  return xmlResponse(resultXml("DeleteResult", { Deleted: deleted }));
}

export function deleteObject(bucket: Bucket, request: SeenRequest): S3Response {
  bucket.delete(request.key);
  return { status: 204 };
}

function objectHeaders(object: StoredObject): Record<string, string> {
  return { etag: object.etag, "last-modified": object.lastModified.toUTCString() };
}

function checksumHeaders(crc32: string | undefined): Record<string, string> {
  if (crc32 === undefined) return {};
  return { "x-amz-checksum-crc32": crc32, "x-amz-checksum-type": "FULL_OBJECT" };
}

export function xmlResponse(body: string): S3Response {
  return { status: 200, headers: { "content-type": "application/xml" }, body };
}
