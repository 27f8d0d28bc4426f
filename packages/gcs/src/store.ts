import type { DeleteFailure, ListOptions, ListPage, ObjectStore, OperationOptions } from "@state/core";
import {
  checkBody,
  checkKey,
  checkPrefix,
  deleteEach,
  type RunningRequest,
  type StoreCall,
} from "@state/core/adapter";
import { hashOf, readObject } from "./body.ts";
import { meansAbsent, meansExists, responseError } from "./errors.ts";
import { listPages } from "./listing.ts";
import { multipart } from "./multipart.ts";
import { type GcsStoreOptions, optionsOfUrl, type Settings, settingsOf } from "./options.ts";
import { sendRequest, type ServiceRequest } from "./request.ts";
import { jsonOf, pageText, readText, type StreamedResponse, type TextResponse } from "./response.ts";

/** Cloud Storage has no bulk delete: each key is a request. */
const concurrentDeletes = 48;

/**
 * An object store in a bucket of Google Cloud Storage.
 *
 * A call is one request through the client's authenticated transport. The SDK's methods on files are never used: they retry,
 * and after an upload whose hash does not match they delete the key, whoever wrote it.
 *
 * @example
 * ```ts
 * const store = new GcsStore({ bucket: "my-bucket", prefix: "jobs/flights" });
 * ```
 */
export class GcsStore implements ObjectStore {
  /** `gs://bucket/prefix`. */
  readonly name: string;
  readonly #settings: Settings;

  /** @throws `TypeError`, or `RangeError` for a time-out, if an option cannot be used */
  constructor(options: GcsStoreOptions) {
    this.#settings = settingsOf(options);
    this.name = this.#settings.name;
  }

  /**
   * A store by its URL: `gs://BUCKET/PREFIX`. With `?endpoint=http://…` it is an emulator, which gets no credentials.
   *
   * @throws `TypeError` for credentials in the URL, unknown parameters, and what is no such URL
   */
  static fromUrl(url: string | URL): GcsStore {
    return new GcsStore(optionsOfUrl(url));
  }

  async create(key: string, body: Uint8Array, options?: OperationOptions): Promise<"created" | "exists"> {
    options?.signal?.throwIfAborted();
    checkKey(key);
    checkBody(key, body);
    const call = this.#call("create", key);
    const { prefix, kmsKeyName } = this.#settings;
    const { field, value } = await hashOf(body, options?.signal);
    const name = `${prefix}${key}`;
    const query = {
      uploadType: "multipart",
      ifGenerationMatch: "0",
      fields: `name,${field}`,
      ...(kmsKeyName === undefined ? {} : { kmsKeyName }),
    };
    // An object without a content encoding is never decompressed when it is downloaded.
    const metadata = { name, [field]: value, contentType: "application/octet-stream" };
    const request = multipart(this.#url("/upload", "", new URLSearchParams(query)), metadata, body);
    const response = await this.#send(request, call, options?.signal, readText);
    if (meansExists(response)) return "exists";
    const created = response.status === 200 ? jsonOf(response) : undefined;
    if (created?.["name"] !== name || created[field] !== value) throw responseError(response, call);
    return "created";
  }

  async get(key: string, options?: OperationOptions): Promise<Uint8Array<ArrayBuffer> | undefined> {
    options?.signal?.throwIfAborted();
    checkKey(key);
    const call = this.#call("get", key);
    const request = {
      method: "GET",
      url: this.#url("", key, new URLSearchParams({ alt: "media" })),
    } as const;
    return this.#send(request, call, options?.signal, async (response, running) => {
      if (response.status === 200) return readObject(response, call, running);
      const text = await readText(response, running);
      if (!meansAbsent(text)) throw responseError(text, call);
      return undefined;
    });
  }

  async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage, void, undefined> {
    options?.signal?.throwIfAborted();
    checkPrefix(prefix);
    const call = this.#call("list", prefix);
    const send = (query: URLSearchParams): Promise<TextResponse> =>
      this.#send({ method: "GET", url: this.#url("", "", query) }, call, options?.signal, readPage);
    const { prefix: root } = this.#settings;
    yield* listPages(send, { root, prefix, delimiter: options?.delimiter, call });
  }

  async delete(keys: readonly string[], options?: OperationOptions): Promise<readonly DeleteFailure[]> {
    options?.signal?.throwIfAborted();
    for (const key of keys) checkKey(key);
    return deleteEach(keys, concurrentDeletes, options?.signal, async (key) => {
      const call = this.#call("delete", key);
      const request = { method: "DELETE", url: this.#url("", key, new URLSearchParams()) } as const;
      const response = await this.#send(request, call, options?.signal, readText);
      // fake-gcs-server says 200 and "null"; any other body would be somebody else's response.
      const isGone =
        response.status === 204 || (response.status === 200 && ["", "null"].includes(response.text.trim()));
      if (!isGone && !meansAbsent(response)) throw responseError(response, call);
    });
  }

  /** Ends the store's own connections, with what is under way on them. A client that was passed in stays as it is. */
  async close(): Promise<void> {
    this.#settings.connections.close();
  }

  #send<T>(
    request: ServiceRequest,
    call: StoreCall,
    signal: AbortSignal | undefined,
    read: (response: StreamedResponse, running: RunningRequest) => Promise<T>,
  ): Promise<T> {
    return sendRequest(this.#settings, request, call, signal, read);
  }

  /** @param key of an object, or `""` for all of them */
  #url(upload: "/upload" | "", key: string, query: URLSearchParams): string {
    const { endpoint, bucket, prefix, userProject } = this.#settings;
    if (userProject !== undefined) query.set("userProject", userProject);
    const object = key === "" ? "" : `/${encodeURIComponent(`${prefix}${key}`)}`;
    const text = query.size === 0 ? "" : `?${query.toString()}`;
    return `${endpoint}${upload}/storage/v1/b/${encodeURIComponent(bucket)}/o${object}${text}`;
  }

  #call(operation: StoreCall["operation"], key: string): StoreCall {
    return { store: this.name, operation, key, redact: this.#settings.credentials.redact };
  }
}

/** The store that `gs://BUCKET/PREFIX` names. */
export function storeFromUrl(url: string | URL): GcsStore {
  return GcsStore.fromUrl(url);
}

function readPage(response: StreamedResponse, running: RunningRequest): Promise<TextResponse> {
  return readText(response, running, response.status === 200 ? pageText : undefined);
}
