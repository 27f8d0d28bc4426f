import type { Bucket, StoredObject } from "./bucket.ts";
import { hashesOf } from "./hashes.ts";
import { uploadFrom } from "./multipart.ts";
import {
  conditionNotMet,
  errorResponse,
  type GcsResponse,
  jsonResponse,
  objectAbsent,
  textResponse,
} from "./responses.ts";

export interface ApiRequest {
  readonly method: string;
  readonly url: URL;
  readonly contentType: string;
  readonly content: Buffer;
}

type Fields = ReadonlyMap<string, Fields | undefined>;

/** A bucket, and the name that requests have for it. */
interface NamedBucket {
  readonly bucket: Bucket;
  readonly bucketName: string;
  /** Of the bucket itself; `undefined` if the account may not see it. */
  readonly resource: Readonly<Record<string, unknown>> | undefined;
}

/** The part of the JSON API that a store of objects needs. Each response is made in one synchronous step. */
export function respond(named: NamedBucket, request: ApiRequest): GcsResponse {
  const { method, url } = request;
  if (method === "GET" && url.pathname === `/storage/v1/b/${encodeURIComponent(named.bucketName)}`)
    return describe(named, url);
  const [, upload, bucketName, object] =
    /^(\/upload)?\/storage\/v1\/b\/([^/]+)\/o(?:\/([^/]+))?$/.exec(url.pathname) ?? [];
  if (bucketName === undefined) return textResponse(404, "Not Found");
  const isDownload = method === "GET" && object !== undefined && url.searchParams.get("alt") === "media";
  if (decodeURIComponent(bucketName) !== named.bucketName) {
    const message = "The specified bucket does not exist.";
    return isDownload ? textResponse(404, message) : errorResponse(404, "notFound", message);
  }
  if (upload !== undefined) {
    return method === "POST" && object === undefined
      ? insert(named, request)
      : textResponse(404, "Not Found");
  }
  if (object === undefined && method === "GET") return list(named, url);
  if (object !== undefined && method === "DELETE") return remove(named, decodeURIComponent(object));
  if (isDownload) return download(named, decodeURIComponent(object));
  return textResponse(405, "Method Not Allowed");
}

function describe({ bucketName, resource }: NamedBucket, url: URL): GcsResponse {
  if (resource === undefined) {
    const message = `state@double.iam.gserviceaccount.com does not have storage.buckets.get access to the Google Cloud Storage bucket. Permission 'storage.buckets.get' denied on resource (or it may not exist).`;
    return errorResponse(403, "forbidden", message);
  }
  const described = { kind: "storage#bucket", id: bucketName, name: bucketName, storageClass: "STANDARD" };
  return jsonResponse(200, selected({ ...described, ...resource }, url.searchParams));
}

function insert({ bucket, bucketName }: NamedBucket, { url, contentType, content }: ApiRequest): GcsResponse {
  const query = url.searchParams;
  if (query.get("uploadType") !== "multipart") {
    return errorResponse(400, "invalid", "The double takes uploadType=multipart only.");
  }
  const upload = uploadFrom(contentType, content);
  if (upload === undefined)
    return errorResponse(400, "badContent", "Multipart must have two parts: metadata and media.");
  const { metadata, body } = upload;
  const name = metadata["name"] ?? query.get("name");
  if (typeof name !== "string" || name === "") return errorResponse(400, "required", "Required");
  const hashes = hashesOf(body);
  const { md5Hash = hashes.md5Hash, crc32c = hashes.crc32c } = metadata;
  if (md5Hash !== hashes.md5Hash) return hashMismatch("MD5 hash", String(md5Hash), hashes.md5Hash);
  if (crc32c !== hashes.crc32c) return hashMismatch("CRC32C", String(crc32c), hashes.crc32c);
  if (!isConditionMet(query, bucket.get(name))) return conditionNotMet();
  const type = metadata["contentType"];
  const object = bucket.put(name, body, typeof type === "string" ? type : "application/octet-stream", hashes);
  return jsonResponse(200, selected(resourceOf(bucketName, object), query));
}

function download({ bucket, bucketName }: NamedBucket, name: string): GcsResponse {
  const object = bucket.get(name);
  if (object === undefined) return textResponse(404, `No such object: ${bucketName}/${name}`);
  const { body, contentType, crc32c, generation, md5Hash } = object;
  return {
    status: 200,
    headers: {
      "content-type": contentType,
      "x-goog-generation": generation,
      "x-goog-metageneration": "1",
      "x-goog-hash": `crc32c=${crc32c},md5=${md5Hash}`,
      "x-goog-stored-content-encoding": "identity",
      "x-goog-stored-content-length": String(body.byteLength),
    },
    body,
  };
}

function remove({ bucket, bucketName }: NamedBucket, name: string): GcsResponse {
  if (bucket.get(name) === undefined) return objectAbsent(bucketName, name);
  bucket.delete(name);
  return { status: 204, headers: {}, body: new Uint8Array() };
}

function list({ bucket, bucketName }: NamedBucket, { searchParams: query }: URL): GcsResponse {
  const limit = Math.min(Number(query.get("maxResults") ?? 1_000), 1_000);
  const after = Buffer.from(query.get("pageToken") ?? "", "base64url").toString("utf8");
  const { objects, folders, next } = bucket.list(
    query.get("prefix") ?? "",
    query.get("delimiter") ?? "",
    after,
    limit,
  );
  // An empty part is left out, as the service does.
  const page = {
    kind: "storage#objects",
    ...(next === undefined ? {} : { nextPageToken: Buffer.from(next).toString("base64url") }),
    ...(folders.length === 0 ? {} : { prefixes: folders }),
    ...(objects.length === 0 ? {} : { items: objects.map(([, object]) => resourceOf(bucketName, object)) }),
  };
  return jsonResponse(200, selected(page, query));
}

function isConditionMet(query: URLSearchParams, object: StoredObject | undefined): boolean {
  const wanted = query.get("ifGenerationMatch");
  return wanted === null || wanted === (object?.generation ?? "0");
}

function hashMismatch(what: string, provided: string, calculated: string): GcsResponse {
  return errorResponse(
    400,
    "invalid",
    `Provided ${what} "${provided}" doesn't match calculated ${what} "${calculated}".`,
  );
}

function resourceOf(bucket: string, object: StoredObject): Readonly<Record<string, unknown>> {
  const { contentType, crc32c, generation, md5Hash, name, timeCreated } = object;
  return {
    kind: "storage#object",
    id: `${bucket}/${name}/${generation}`,
    name,
    bucket,
    generation,
    metageneration: "1",
    contentType,
    storageClass: "STANDARD",
    size: String(object.body.byteLength),
    md5Hash,
    crc32c,
    etag: generation,
    timeCreated,
    updated: timeCreated,
  };
}

/** `fields=kind,items(name,size)`. */
function selected(value: Readonly<Record<string, unknown>>, query: URLSearchParams): unknown {
  const text = query.get("fields");
  return text === null ? value : pick(value, fieldsOf(text));
}

function fieldsOf(text: string): Fields {
  const fields = text.matchAll(/([A-Za-z0-9]+)(?:\(([^)]*)\))?/g);
  return new Map(
    [...fields].map(([, name = "", inner]) => [name, inner === undefined ? undefined : fieldsOf(inner)]),
  );
}

function pick(value: unknown, fields: Fields | undefined): unknown {
  if (fields === undefined || typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item: unknown) => pick(item, fields));
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => fields.has(name))
      .map(([name, inner]) => [name, pick(inner, fields.get(name))]),
  );
}
