import {
  bucketAbsent,
  conditionNotMet,
  errorAnswer,
  type GcsAnswer,
  jsonAnswer,
  objectAbsent,
  textAnswer,
} from "./answers.ts";
import { Bucket, type StoredObject } from "./bucket.ts";
import { hashesOf } from "./hashes.ts";
import { uploadFrom } from "./multipart.ts";

export interface ApiRequest {
  readonly method: string;
  readonly url: URL;
  readonly contentType: string;
  readonly content: Buffer;
}

type Fields = ReadonlyMap<string, Fields | undefined>;

/** The part of the JSON API that a store of objects needs. Each answer is made in one synchronous step. */
export class Api {
  readonly #buckets: Map<string, Bucket> = new Map();

  answer(request: ApiRequest): GcsAnswer {
    const { method, url } = request;
    const [, upload, bucketName, object] =
      /^(\/upload)?\/storage\/v1\/b(?:\/([^/]+)\/o(?:\/([^/]+))?)?$/.exec(url.pathname) ?? [];
    if (bucketName === undefined) {
      return method === "POST" && url.pathname === "/storage/v1/b"
        ? this.#createBucket(request.content)
        : textAnswer(404, "Not Found");
    }
    const bucket = this.#buckets.get(decodeURIComponent(bucketName));
    const isDownload = method === "GET" && object !== undefined && url.searchParams.get("alt") === "media";
    if (bucket === undefined) {
      const answer = bucketAbsent();
      return isDownload ? textAnswer(404, "The specified bucket does not exist.") : answer;
    }
    const place = { bucket, bucketName: decodeURIComponent(bucketName) };
    if (method === "POST" && upload !== undefined && object === undefined) return insert(place, request);
    if (upload !== undefined) return textAnswer(404, "Not Found");
    if (object === undefined)
      return method === "GET" ? list(place, url) : textAnswer(405, "Method Not Allowed");
    const name = decodeURIComponent(object);
    if (method === "DELETE") return remove(place, name, url);
    if (method !== "GET") return textAnswer(405, "Method Not Allowed");
    return isDownload ? download(place, name) : describe(place, name, url);
  }

  createBucket(name: string): GcsAnswer {
    if (this.#buckets.has(name)) {
      return errorAnswer(
        409,
        "conflict",
        "Your previous request to create the named bucket succeeded and you already own it.",
      );
    }
    this.#buckets.set(name, new Bucket());
    return jsonAnswer(200, { kind: "storage#bucket", id: name, name });
  }

  /** For tests that put what no client would: other hashes, other bytes. */
  bucket(name: string): Bucket | undefined {
    return this.#buckets.get(name);
  }

  #createBucket(content: Buffer): GcsAnswer {
    const body: unknown = JSON.parse(content.toString("utf8"));
    const name: unknown = typeof body === "object" && body !== null ? Reflect.get(body, "name") : undefined;
    return typeof name === "string" && name !== ""
      ? this.createBucket(name)
      : errorAnswer(400, "required", "Required");
  }
}

interface Place {
  readonly bucket: Bucket;
  readonly bucketName: string;
}

function insert({ bucket, bucketName }: Place, { url, contentType, content }: ApiRequest): GcsAnswer {
  const query = url.searchParams;
  if (query.get("uploadType") !== "multipart") {
    return errorAnswer(400, "invalid", "The double takes uploadType=multipart only.");
  }
  const upload = uploadFrom(contentType, content);
  if (upload === undefined)
    return errorAnswer(400, "badContent", "Multipart must have two parts: metadata and media.");
  const { metadata, body } = upload;
  const name = metadata["name"] ?? query.get("name");
  if (typeof name !== "string" || name === "") return errorAnswer(400, "required", "Required");
  const hashes = hashesOf(body);
  const { md5Hash = hashes.md5Hash, crc32c = hashes.crc32c } = metadata;
  if (md5Hash !== hashes.md5Hash) return hashMismatch("MD5 hash", String(md5Hash), hashes.md5Hash);
  if (crc32c !== hashes.crc32c) return hashMismatch("CRC32C", String(crc32c), hashes.crc32c);
  if (!isConditionMet(query, bucket.get(name))) return conditionNotMet();
  const type = metadata["contentType"];
  const object = bucket.put(name, body, typeof type === "string" ? type : "application/octet-stream", hashes);
  return jsonAnswer(200, selected(resourceOf(bucketName, object), query));
}

function download({ bucket, bucketName }: Place, name: string): GcsAnswer {
  const object = bucket.get(name);
  if (object === undefined) return textAnswer(404, `No such object: ${bucketName}/${name}`);
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

function describe({ bucket, bucketName }: Place, name: string, url: URL): GcsAnswer {
  const object = bucket.get(name);
  return object === undefined
    ? objectAbsent(bucketName, name)
    : jsonAnswer(200, selected(resourceOf(bucketName, object), url.searchParams));
}

function remove({ bucket, bucketName }: Place, name: string, url: URL): GcsAnswer {
  const object = bucket.get(name);
  if (object === undefined) return objectAbsent(bucketName, name);
  if (!isConditionMet(url.searchParams, object)) return conditionNotMet();
  bucket.delete(name);
  return { status: 204, headers: {}, body: new Uint8Array() };
}

function list({ bucket, bucketName }: Place, { searchParams: query }: URL): GcsAnswer {
  const size = Math.min(Number(query.get("maxResults") ?? 1_000), 1_000);
  const token = query.get("pageToken");
  const after = token === null ? undefined : Buffer.from(token, "base64url").toString("utf8");
  const { items, prefixes, next } = bucket.list(
    query.get("prefix") ?? "",
    query.get("delimiter") ?? "",
    after,
    size,
  );
  // What there is none of is left out, as the service does.
  const page = {
    kind: "storage#objects",
    ...(next === undefined ? {} : { nextPageToken: Buffer.from(next).toString("base64url") }),
    ...(prefixes.length === 0 ? {} : { prefixes }),
    ...(items.length === 0 ? {} : { items: items.map((object) => resourceOf(bucketName, object)) }),
  };
  return jsonAnswer(200, selected(page, query));
}

function isConditionMet(query: URLSearchParams, object: StoredObject | undefined): boolean {
  const wanted = query.get("ifGenerationMatch");
  return wanted === null || wanted === (object?.generation ?? "0");
}

function hashMismatch(what: string, provided: string, calculated: string): GcsAnswer {
  return errorAnswer(
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
