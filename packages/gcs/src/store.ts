import { createHash, randomUUID } from "node:crypto";
import { checkKey, checkPrefix } from "@state/core";
import type { DeleteFailure, ListOptions, ListPage, ObjectStore, OperationOptions } from "@state/core";
import { jsonOf, textOf } from "./answer.ts";
import type { Answer } from "./answer.ts";
import { bodyFrom } from "./body.ts";
import { deleteAll } from "./deleting.ts";
import { answerFailure, isAbsent, isConditionNotMet } from "./errors.ts";
import type { Place } from "./errors.ts";
import { exchange } from "./exchange.ts";
import type { Request } from "./exchange.ts";
import { pagesOf } from "./listing.ts";
import { settingsOf } from "./options.ts";
import type { GcsStoreOptions, Settings } from "./options.ts";

const bodyLimit = 2 ** 31;
const encoder = new TextEncoder();

/**
 * An object store in a bucket of Google Cloud Storage.
 *
 * A call is one request through the client's authenticated transport, never one of the SDK's methods on files:
 * those retry, and delete what they believe they have uploaded badly.
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
    const place = this.#place("create", key);
    const { prefix, endpoint, bucket } = this.#settings;
    const md5Hash = createHash("md5").update(body).digest("base64");
    const name = `${prefix}${key}`;
    const answer = await this.#send(
      multipart(
        `${endpoint}/upload/storage/v1/b/${encodeURIComponent(bucket)}/o?uploadType=multipart&ifGenerationMatch=0&fields=name,md5Hash`,
        // Without a content encoding nothing is ever decompressed on the way back.
        { name, md5Hash, contentType: "application/octet-stream" },
        body,
      ),
      place,
      options?.signal,
    );
    if (isConditionNotMet(answer)) return "exists";
    const created = answer.status === 200 ? jsonOf(answer) : undefined;
    if (created?.["name"] !== name || created["md5Hash"] !== md5Hash) throw answerFailure(answer, place);
    return "created";
  }

  async get(key: string, options?: OperationOptions): Promise<Uint8Array | undefined> {
    options?.signal?.throwIfAborted();
    checkKey(key);
    const place = this.#place("get", key);
    const url = `${this.#urlOf(key)}?alt=media`;
    const answer = await this.#send({ method: "GET", url }, place, options?.signal);
    if (isAbsent(answer)) return undefined;
    if (answer.status !== 200) throw answerFailure(answer, place);
    return bodyFrom(answer, place);
  }

  async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage, void, undefined> {
    options?.signal?.throwIfAborted();
    checkPrefix(prefix);
    const { endpoint, bucket } = this.#settings;
    const place = this.#place("list", prefix);
    const full = `${this.#settings.prefix}${prefix}`;
    const url = `${endpoint}/storage/v1/b/${encodeURIComponent(bucket)}/o`;
    const ask = (query: URLSearchParams): Promise<Answer> =>
      this.#send({ method: "GET", url: `${url}?${query}` }, place, options?.signal);
    yield* pagesOf(ask, { place, full, own: this.#settings.prefix, delimiter: options?.delimiter });
  }

  async delete(keys: readonly string[], options?: OperationOptions): Promise<readonly DeleteFailure[]> {
    options?.signal?.throwIfAborted();
    for (const key of keys) checkKey(key);
    return deleteAll(new Set(keys), options?.signal, async (key) => {
      const place = this.#place("delete", key);
      const answer = await this.#send({ method: "DELETE", url: this.#urlOf(key) }, place, options?.signal);
      // fake-gcs-server says 200 and "null"; any other body would be somebody else's answer.
      const isGone =
        answer.status === 204 || (answer.status === 200 && ["", "null"].includes(textOf(answer).trim()));
      if (!isGone && !isAbsent(answer)) throw answerFailure(answer, place);
    });
  }

  #send(request: Request, place: Place, signal: AbortSignal | undefined): Promise<Answer> {
    return exchange(this.#settings.client, request, place, signal);
  }

  #urlOf(key: string): string {
    const { endpoint, bucket, prefix } = this.#settings;
    return `${endpoint}/storage/v1/b/${encodeURIComponent(bucket)}/o/${encodeURIComponent(`${prefix}${key}`)}`;
  }

  #place(operation: Place["operation"], key: string): Place {
    return { store: this.name, bucket: this.#settings.bucket, operation, key };
  }
}

/** The metadata and the bytes in one request: the service holds the bytes against the hash before the object exists. */
function multipart(url: string, metadata: Readonly<Record<string, string>>, body: Uint8Array): Request {
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
