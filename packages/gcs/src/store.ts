import { createHash, randomUUID } from "node:crypto";
import { checkKey, checkPrefix } from "@state/core/adapter";
import type { DeleteFailure, ListOptions, ListPage, ObjectStore, OperationOptions } from "@state/core";
import { jsonOf, textOf } from "./response.ts";
import type { ServiceResponse } from "./response.ts";
import { readBody } from "./body.ts";
import { deleteAll } from "./deleting.ts";
import { responseError, meansAbsent, meansExists } from "./errors.ts";
import type { Operation } from "./errors.ts";
import { sendRequest } from "./request.ts";
import type { ServiceRequest } from "./request.ts";
import { listPages } from "./listing.ts";
import { settingsOf } from "./options.ts";
import type { GcsStoreOptions, Settings } from "./options.ts";

const bodyLimit = 2 ** 31;
const encoder = new TextEncoder();

/**
 * An object store in a bucket of Google Cloud Storage.
 *
 * A call is one request through the client's authenticated transport. The SDK's methods on files
 * are never used: they retry, and after an upload whose hash does not match they delete the key,
 * whoever wrote it.
 *
 * @example
 * ```ts
 * const store = new GcsStore({ bucket: "my-bucket", prefix: "jobs/flights" });
 * ```
 */
export class GcsStore implements ObjectStore {
  readonly name: string;
  readonly #settings: Settings;

  constructor(options: GcsStoreOptions) {
    this.#settings = settingsOf(options);
    this.name = this.#settings.name;
  }

  async create(key: string, body: Uint8Array, options?: OperationOptions): Promise<"created" | "exists"> {
    options?.signal?.throwIfAborted();
    checkKey(key);
    if (body.byteLength >= bodyLimit) {
      throw new RangeError(`the body of ${JSON.stringify(key)} is ${body.byteLength} bytes, 2^31 or more`);
    }
    const operation = this.#operation("create", key);
    const { prefix, endpoint, bucket } = this.#settings;
    const md5Hash = createHash("md5").update(body).digest("base64");
    const name = `${prefix}${key}`;
    const response = await this.#send(
      multipart(
        `${endpoint}/upload/storage/v1/b/${encodeURIComponent(bucket)}/o?uploadType=multipart&ifGenerationMatch=0&fields=name,md5Hash`,
        // An object without a content encoding is never decompressed when it is downloaded.
        { name, md5Hash, contentType: "application/octet-stream" },
        body,
      ),
      operation,
      options?.signal,
    );
    if (meansExists(response)) return "exists";
    const created = response.status === 200 ? jsonOf(response) : undefined;
    if (created?.["name"] !== name || created["md5Hash"] !== md5Hash)
      throw responseError(response, operation);
    return "created";
  }

  async get(key: string, options?: OperationOptions): Promise<Uint8Array<ArrayBuffer> | undefined> {
    options?.signal?.throwIfAborted();
    checkKey(key);
    const operation = this.#operation("get", key);
    const url = `${this.#urlOf(key)}?alt=media`;
    const response = await this.#send({ method: "GET", url }, operation, options?.signal);
    if (meansAbsent(response)) return undefined;
    if (response.status !== 200) throw responseError(response, operation);
    return readBody(response, operation);
  }

  async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage, void, undefined> {
    options?.signal?.throwIfAborted();
    checkPrefix(prefix);
    const { endpoint, bucket } = this.#settings;
    const operation = this.#operation("list", prefix);
    const fullPrefix = `${this.#settings.prefix}${prefix}`;
    const url = `${endpoint}/storage/v1/b/${encodeURIComponent(bucket)}/o`;
    const send = (query: URLSearchParams): Promise<ServiceResponse> =>
      this.#send({ method: "GET", url: `${url}?${query}` }, operation, options?.signal);
    yield* listPages(send, {
      operation,
      fullPrefix,
      root: this.#settings.prefix,
      delimiter: options?.delimiter,
    });
  }

  async delete(keys: readonly string[], options?: OperationOptions): Promise<readonly DeleteFailure[]> {
    options?.signal?.throwIfAborted();
    for (const key of keys) checkKey(key);
    return deleteAll(new Set(keys), options?.signal, async (key) => {
      const operation = this.#operation("delete", key);
      const response = await this.#send(
        { method: "DELETE", url: this.#urlOf(key) },
        operation,
        options?.signal,
      );
      // fake-gcs-server says 200 and "null"; any other body would be somebody else's response.
      const isGone =
        response.status === 204 ||
        (response.status === 200 && ["", "null"].includes(textOf(response).trim()));
      if (!isGone && !meansAbsent(response)) throw responseError(response, operation);
    });
  }

  #send(
    request: ServiceRequest,
    operation: Operation,
    signal: AbortSignal | undefined,
  ): Promise<ServiceResponse> {
    return sendRequest(this.#settings.requester, request, operation, signal);
  }

  #urlOf(key: string): string {
    const { endpoint, bucket, prefix } = this.#settings;
    return `${endpoint}/storage/v1/b/${encodeURIComponent(bucket)}/o/${encodeURIComponent(`${prefix}${key}`)}`;
  }

  #operation(name: Operation["name"], key: string): Operation {
    return { store: this.name, bucket: this.#settings.bucket, name, key };
  }
}

/**
 * The metadata and the bytes in one request, so that the service checks the bytes by the hash
 * before the object exists.
 */
function multipart(
  url: string,
  metadata: Readonly<Record<string, string>>,
  body: Uint8Array,
): ServiceRequest {
  const boundary = randomUUID();
  const head =
    `--${boundary}\r\ncontent-type: application/json; charset=utf-8\r\n\r\n${JSON.stringify(metadata)}\r\n` +
    `--${boundary}\r\ncontent-type: application/octet-stream\r\n\r\n`;
  return {
    method: "POST",
    url,
    headers: { "content-type": `multipart/related; boundary=${boundary}` },
    body: [encoder.encode(head), body, encoder.encode(`\r\n--${boundary}--\r\n`)],
  };
}
