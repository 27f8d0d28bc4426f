import { type Bucket, type StoredObject } from "./bucket.ts";
import { checkedCrc32, checkMd5, etagOf } from "./checksums.ts";
import { FaultError, faults } from "./fault.ts";
import type { Settings } from "./options.ts";
import { headerOf, type SeenRequest } from "./request.ts";
import { answerXml, parseDelete } from "./xml.ts";

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | Buffer | undefined;
}

const maxKeyBytes = 1_024;

export function putObject(bucket: Bucket, request: SeenRequest, settings: Settings): Answer {
  const { key, body } = request;
  if (Buffer.byteLength(key) > maxKeyBytes) throw new FaultError(faults.keyTooLong);
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
  if (condition === "501") throw new FaultError(faults.notImplemented);
  if (condition === "400") throw new FaultError(faults.conditionInvalid);
  if (headerOf(request, "if-none-match") !== "*") throw new FaultError(faults.notImplemented);
  const there = bucket.get(request.key);
  if (there === undefined) return;
  throw new FaultError({ ...faults.preconditionFailed, headers: objectHeaders(there) });
}

export function getObject(bucket: Bucket, request: SeenRequest): Answer {
  const object = bucket.get(request.key);
  if (object === undefined) throw new FaultError(faults.keyAbsent);
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

export function listObjects(bucket: Bucket, request: SeenRequest, { pageSize }: Settings): Answer {
  const { query } = request;
  const encoding = query.get("encoding-type");
  if (encoding !== null && encoding !== "url") throw new FaultError(faults.encodingInvalid);
  const maxKeys = query.get("max-keys") ?? "1000";
  if (!/^\d{1,10}$/.test(maxKeys)) throw new FaultError(faults.maxKeysInvalid);
  const token = query.get("continuation-token");
  if (token !== null && !/^[A-Za-z0-9+/]+=*$/.test(token)) throw new FaultError(faults.tokenIncorrect);
  const prefix = query.get("prefix") ?? "";
  const delimiter = query.get("delimiter") ?? "";
  const startAfter = query.get("start-after");
  const after = token === null ? (startAfter ?? "") : Buffer.from(token, "base64").toString();
  const limit = Math.min(Number(maxKeys), pageSize);
  const found = bucket.list(prefix, delimiter, after, limit);
  const text = (value: string): string => (encoding === "url" ? urlEncoded(value) : value);
  const isTruncated = limit > 0 && found.next !== undefined;
  const content = {
    Name: request.bucket,
    Prefix: text(prefix),
    ...(startAfter === null ? {} : { StartAfter: text(startAfter) }),
    ...(token === null ? {} : { ContinuationToken: token }),
    ...(isTruncated ? { NextContinuationToken: Buffer.from(found.next ?? "").toString("base64") } : {}),
    KeyCount: found.objects.length + found.prefixes.length,
    MaxKeys: Number(maxKeys),
    ...(delimiter === "" ? {} : { Delimiter: text(delimiter) }),
    IsTruncated: isTruncated,
    Contents: found.objects.map(([key, object]) => ({
      Key: text(key),
      LastModified: object.lastModified.toISOString(),
      ETag: object.etag,
      Size: object.body.length,
      StorageClass: "STANDARD",
    })),
    CommonPrefixes: found.prefixes.map((name) => ({ Prefix: text(name) })),
    ...(encoding === null ? {} : { EncodingType: encoding }),
  };
  return xmlAnswer(answerXml("ListBucketResult", content));
}

/** As forms have it, but for the slash. */
function urlEncoded(text: string): string {
  return new URLSearchParams({ "": text }).toString().slice(1).replaceAll("%2F", "/");
}

export function deleteObjects(bucket: Bucket, request: SeenRequest, settings: Settings): Answer {
  if (settings.bulkDelete === "MissingContentMD5") throw new FaultError(faults.md5Missing);
  if (settings.bulkDelete === "NotImplemented") throw new FaultError(faults.notImplemented);
  const hasMd5 = checkMd5(request);
  if (checkedCrc32(request) === undefined && !hasMd5) throw new FaultError(faults.md5Missing);
  const parsed = parseDelete(request.body.toString());
  if (parsed === undefined || parsed.keys.length > settings.pageSize)
    throw new FaultError(faults.malformedXml);
  for (const key of parsed.keys) bucket.delete(key);
  const deleted = parsed.isQuiet ? [] : parsed.keys.map((key) => ({ Key: key }));
  return xmlAnswer(answerXml("DeleteResult", { Deleted: deleted }));
}

export function deleteObject(bucket: Bucket, request: SeenRequest): Answer {
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

function xmlAnswer(body: string): Answer {
  return { status: 200, headers: { "content-type": "application/xml" }, body };
}
