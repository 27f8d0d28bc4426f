import type { DeleteFailure, ListOptions, ListPage, Remark } from "@state/core";
import { deleteEach, type RunningRequest, type StoreCall } from "@state/core/adapter";
import { hashOf, readObject } from "./body.ts";
import { meansAbsent, meansExists, responseError } from "./errors.ts";
import { listPages } from "./listing.ts";
import { multipart } from "./multipart.ts";
import type { Settings } from "./options.ts";
import { sendRequest, type ServiceRequest } from "./request.ts";
import { jsonOf, pageText, readText, type StreamedResponse, type TextResponse } from "./response.ts";
import { Client, type Service } from "./sdk.ts";

/** Cloud Storage has no bulk delete: each key is a request. */
const concurrentDeletes = 48;

/** The calls of a store, whose arguments are checked. It is a module of its own that a store loads at its first call. */
export class Calls {
  readonly #settings: Settings;
  readonly #client: Client;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#client = new Client(settings.storage, settings.storageOptions);
  }

  async create(
    key: string,
    body: Uint8Array,
    signal: AbortSignal | undefined,
  ): Promise<"created" | "exists"> {
    const call = this.#call("create", key);
    const { prefix, kmsKeyName } = this.#settings;
    const { field, value } = await hashOf(body, signal);
    const name = `${prefix}${key}`;
    const kms = kmsKeyName === undefined ? "" : `&kmsKeyName=${encodeURIComponent(kmsKeyName)}`;
    const query = `uploadType=multipart&ifGenerationMatch=0&fields=name%2C${field}${kms}`;
    // An object without a content encoding is never decompressed when it is downloaded.
    const metadata = { name, [field]: value, contentType: "application/octet-stream" };
    const request = multipart(this.#path("/upload", "", query), metadata, body);
    const response = await this.#send(request, call, signal, readText);
    if (meansExists(response)) return "exists";
    const created = response.status === 200 ? jsonOf(response) : undefined;
    if (created?.["name"] !== name || created[field] !== value) throw responseError(response, call);
    return "created";
  }

  async get(key: string, signal: AbortSignal | undefined): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const call = this.#call("get", key);
    const request = {
      method: "GET",
      path: this.#path("", key, "alt=media"),
    } as const;
    return this.#send(request, call, signal, async (response, running) => {
      if (response.status === 200) return readObject(response, call, running);
      const text = await readText(response, running);
      if (!meansAbsent(text)) throw responseError(text, call);
      return undefined;
    });
  }

  async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage, void, undefined> {
    const call = this.#call("list", prefix);
    const send = (query: URLSearchParams): Promise<TextResponse> =>
      this.#send(
        { method: "GET", path: this.#path("", "", query.toString()) },
        call,
        options?.signal,
        readPage,
      );
    const { prefix: root } = this.#settings;
    yield* listPages(send, { root, prefix, delimiter: options?.delimiter, call });
  }

  delete(keys: readonly string[], signal: AbortSignal | undefined): Promise<readonly DeleteFailure[]> {
    return deleteEach(keys, concurrentDeletes, signal, async (key) => {
      const call = this.#call("delete", key);
      const request = { method: "DELETE", path: this.#path("", key, "") } as const;
      const response = await this.#send(request, call, signal, readText);
      // fake-gcs-server says 200 and "null"; any other body would be somebody else's response.
      const isGone =
        response.status === 204 || (response.status === 200 && ["", "null"].includes(response.text.trim()));
      if (!isGone && !meansAbsent(response)) throw responseError(response, call);
    });
  }

  async examine(signal: AbortSignal | undefined): Promise<readonly Remark[]> {
    const { examine } = await import("./examination/examination.ts");
    const call = this.#call("examine", "bucket");
    const send = (path: string): Promise<TextResponse> =>
      this.#send({ method: "GET", path }, call, signal, (response, running) => readText(response, running));
    const way = (): Service["lastWay"] => this.#client.opened?.lastWay;
    return examine({ settings: this.#settings, call, send, way }, signal);
  }

  /** Ends the store's own connections, with what is under way on them. A client that was passed in stays as it is. */
  close(): void {
    this.#client.close();
  }

  #send<T>(
    request: ServiceRequest,
    call: StoreCall,
    signal: AbortSignal | undefined,
    read: (response: StreamedResponse, running: RunningRequest) => Promise<T>,
  ): Promise<T> {
    return sendRequest(
      { client: this.#client, idleTimeoutMs: this.#settings.idleTimeoutMs },
      request,
      call,
      signal,
      read,
    );
  }

  /** @param key of an object, or `""` for all of them */
  #path(upload: "/upload" | "", key: string, query: string): string {
    const { bucket, prefix, userProject } = this.#settings;
    const payer = userProject === undefined ? "" : `userProject=${encodeURIComponent(userProject)}`;
    const object = key === "" ? "" : `/${encodeURIComponent(`${prefix}${key}`)}`;
    const text = [query, payer].filter(Boolean).join("&");
    return `${upload}/storage/v1/b/${encodeURIComponent(bucket)}/o${object}${text && `?${text}`}`;
  }

  #call(operation: StoreCall["operation"], key: string): StoreCall {
    return { store: this.#settings.name, operation, key, redact: this.#client.redact };
  }
}

function readPage(response: StreamedResponse, running: RunningRequest): Promise<TextResponse> {
  return readText(response, running, response.status === 200 ? pageText : undefined);
}
