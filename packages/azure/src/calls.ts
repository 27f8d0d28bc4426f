import type { DeleteFailure, ListOptions, ListPage, Remark } from "@state/core";
import { pageReader, type Redactor, type StoreCall } from "@state/core/adapter";
import { blobResponseOf, download, md5Of, readBlob } from "./body.ts";
import type { ClientParts } from "./client.ts";
import { Deleter } from "./deleting.ts";
import { DirectPath, type RequestPath } from "./direct-path.ts";
import { meansAbsent, meansExists } from "./errors.ts";
import { requestPage } from "./listing.ts";
import { Namespace } from "./namespace.ts";
import type { Settings } from "./options.ts";
import { Requester, smallBody } from "./request.ts";
import type { SdkClient } from "./sdk.ts";

/** The service's largest page. */
const pageSize = 5_000;

/** The calls of a store, whose arguments are checked. It is a module of its own that a store loads at its first call. */
export class Calls {
  readonly #store: string;
  readonly #parts: ClientParts;
  readonly #settings: Settings;
  readonly #requester: Requester;
  readonly #namespace: Namespace;
  readonly #deleter: Deleter;
  readonly #direct: DirectPath;

  constructor(store: string, parts: ClientParts, settings: Settings) {
    const { root, idleTimeoutMs, deleteBatchSize, get } = settings;
    this.#store = store;
    this.#parts = parts;
    this.#settings = settings;
    const secrets = [...parts.secrets, get.customerProvidedKey?.encryptionKey];
    this.#requester = new Requester({ store, parts, idleTimeoutMs, secrets });
    this.#namespace = new Namespace(this.#requester);
    this.#deleter = new Deleter(root, deleteBatchSize, this.#requester);
    this.#direct = new DirectPath(parts, settings, this.#requester);
  }

  async create(
    key: string,
    body: Uint8Array,
    signal: AbortSignal | undefined,
  ): Promise<"created" | "exists"> {
    const md5 = await md5Of(body, this.#call("create", key), signal);
    return this.#requester.run("create", key, signal, async (request, call, client) => {
      await this.#namespace.check(call);
      request.signal.throwIfAborted();
      try {
        // A Buffer over the same memory.
        const buffer = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
        const makers = body.byteLength > smallBody ? undefined : await this.#direct.makers(client);
        if (makers === undefined) await this.#upload(client, key, buffer, md5, request.signal);
        else {
          const head = { length: buffer.byteLength, md5: md5.toString("base64") };
          const plain = makers.create.make(key, head);
          const response = await this.#requester.sendDirectly(plain, buffer, () => false);
          if (response.status !== 201) throw client.refusalOf(response);
        }
        return "created";
      } catch (error) {
        if (meansExists(error)) return "exists";
        throw error;
      }
    });
  }

  get(key: string, signal: AbortSignal | undefined): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const name = this.#nameOf(key);
    return this.#requester.run("get", key, signal, (request, call, client) =>
      readBlob(name, call, request, async () => {
        const makers = await this.#direct.makers(client);
        if (makers === undefined) return download(client.container, name, this.#settings.get, request.signal);
        const response = await this.#requester.sendDirectly(
          makers.get.make(key, undefined),
          undefined,
          isBlob,
        );
        if (isBlob(response.status)) return blobResponseOf(response);
        const error = client.refusalOf(response);
        if (meansAbsent(error, "get")) return undefined;
        throw error;
      }),
    );
  }

  async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage, void, undefined> {
    const delimiter = options?.delimiter;
    const { root } = this.#settings;
    // Names may be of a gateway that repeats what it was sent.
    let redact: Redactor | undefined;
    const call: StoreCall = { ...this.#call("list", prefix), redact: (text) => redact?.(text) ?? text };
    const read = pageReader({ root, prefix, delimiter, call });
    let marker: string | undefined;
    do {
      const page = await this.#requester.run(
        "list",
        prefix,
        options?.signal,
        ({ signal }, sent, { container }) => {
          redact = sent.redact;
          const request = { prefix: root + prefix, delimiter, pageSize, marker, signal };
          return requestPage(container, request, sent);
        },
      );
      yield read(page);
      marker = page.next;
    } while (marker !== undefined);
  }

  delete(keys: readonly string[], signal: AbortSignal | undefined): Promise<readonly DeleteFailure[]> {
    return this.#deleter.delete(keys, signal);
  }

  async examine(signal: AbortSignal | undefined): Promise<readonly Remark[]> {
    const { examine } = await import("./examination/examination.ts");
    const [parts, settings, requester] = [this.#parts, this.#settings, this.#requester];
    return examine({ parts, settings, requester, path: () => this.#direct.path }, signal);
  }

  /** Ends the store's own connections. A client that was passed in keeps its own. */
  close(): void {
    this.#requester.close();
  }

  /** Which way creates and gets take. */
  get path(): RequestPath | undefined {
    return this.#direct.path;
  }

  async #upload(
    { container }: SdkClient,
    key: string,
    buffer: Buffer,
    md5: Uint8Array,
    signal: AbortSignal,
  ): Promise<void> {
    await container.getBlockBlobClient(this.#nameOf(key)).upload(buffer, buffer.byteLength, {
      ...this.#settings.create,
      abortSignal: signal,
      conditions: { ifNoneMatch: "*" },
      transactionalContentMD5: md5,
    });
  }

  #nameOf(key: string): string {
    return `${this.#settings.root}${key}`;
  }

  /** For what is not about a request: nothing secret was sent. */
  #call(operation: StoreCall["operation"], key: string): StoreCall {
    return { store: this.#store, operation, key };
  }
}

/** Whether a response to a get has a blob in its body, or a part of one. */
function isBlob(status: number): boolean {
  return status === 200 || status === 206;
}
