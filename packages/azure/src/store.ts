import type { ContainerClient } from "@azure/storage-blob";
import type { DeleteFailure, ListOptions, ListPage, ObjectStore, OperationOptions } from "@state/core";
import {
  checkBody,
  checkKey,
  checkPrefix,
  pageReader,
  type Redactor,
  type StoreCall,
} from "@state/core/adapter";
import { md5Of, readBlob } from "./body.ts";
import { clientOf } from "./client.ts";
import { Deleter } from "./deleting.ts";
import { optionsFromUrl } from "./environment.ts";
import { meansExists } from "./errors.ts";
import { requestPage } from "./listing.ts";
import { Namespace } from "./namespace.ts";
import { type AzureStoreOptions, type Settings, settingsOf } from "./options.ts";
import { Requester } from "./request.ts";

/** The service's largest page. */
const pageSize = 5_000;

/**
 * An object store in a container of Azure Blob Storage.
 *
 * A create is one conditional Put Blob with the body's MD5. Every call is one request, whatever the
 * settings of the client that was passed in; the first create asks for the account's kind before.
 *
 * @example
 * ```ts
 * const store = new AzureStore({
 *   accountUrl: "https://myaccount.blob.core.windows.net",
 *   containerName: "checkpoints",
 *   credential: new DefaultAzureCredential(),
 *   prefix: "my-job",
 * });
 * await store.create("epoch=1/_COMMIT", new TextEncoder().encode("me")); // "created"
 * ```
 */
export class AzureStore implements ObjectStore {
  /** `azure://ACCOUNT/CONTAINER/PREFIX` */
  readonly name: string;
  readonly #container: ContainerClient;
  readonly #settings: Settings;
  readonly #requester: Requester;
  readonly #namespace: Namespace;
  readonly #deleter: Deleter;

  /**
   * Sends nothing: the container must exist when the store is used.
   *
   * @throws `TypeError` or `RangeError` for options that are invalid
   */
  constructor(options: AzureStoreOptions) {
    const client = clientOf(options);
    const { container } = client;
    const settings = settingsOf(options, container.url);
    const { root, idleTimeoutMs, deleteBatchSize, get } = settings;
    this.name = `azure://${[client.account, container.containerName, root.slice(0, -1)].filter(Boolean).join("/")}`;
    this.#container = container;
    this.#settings = settings;
    const secrets = [...client.secrets, get.customerProvidedKey?.encryptionKey];
    this.#requester = new Requester({ store: this.name, client, idleTimeoutMs, secrets });
    this.#namespace = new Namespace(container, this.#requester);
    this.#deleter = new Deleter(container, root, deleteBatchSize, this.#requester);
  }

  /**
   * The store of `azure://ACCOUNT/CONTAINER/PREFIX?endpoint=…`. Without an endpoint it is the account's in the public cloud.
   * The credentials come from the environment: `AZURE_STORAGE_CONNECTION_STRING`, `AZURE_STORAGE_KEY` or
   * `AZURE_STORAGE_SAS_TOKEN`, else from `DefaultAzureCredential`, if `@azure/identity` is installed.
   *
   * @throws `TypeError` for credentials in the URL, and for parameters that it does not know
   */
  static fromUrl(url: string | URL): AzureStore {
    return new AzureStore(optionsFromUrl(url));
  }

  async create(key: string, body: Uint8Array, options?: OperationOptions): Promise<"created" | "exists"> {
    const signal = options?.signal;
    signal?.throwIfAborted();
    checkKey(key);
    checkBody(key, body);
    const name = this.#nameOf(key);
    const md5 = await md5Of(body, this.#call("create", key), signal);
    return this.#requester.run("create", key, signal, async (request, call) => {
      await this.#namespace.check(call);
      request.signal.throwIfAborted();
      try {
        // A Buffer over the same memory.
        const buffer = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
        await this.#container.getBlockBlobClient(name).upload(buffer, buffer.byteLength, {
          ...this.#settings.create,
          abortSignal: request.signal,
          conditions: { ifNoneMatch: "*" },
          transactionalContentMD5: md5,
        });
        return "created";
      } catch (error) {
        if (meansExists(error)) return "exists";
        throw error;
      }
    });
  }

  async get(key: string, options?: OperationOptions): Promise<Uint8Array<ArrayBuffer> | undefined> {
    options?.signal?.throwIfAborted();
    checkKey(key);
    return this.#requester.run("get", key, options?.signal, (request, call) =>
      readBlob(this.#container, this.#nameOf(key), this.#settings.get, call, request),
    );
  }

  async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage, void, undefined> {
    options?.signal?.throwIfAborted();
    checkPrefix(prefix);
    const delimiter = options?.delimiter;
    const { root } = this.#settings;
    // Names may be of a gateway that repeats what it was sent.
    let redact: Redactor | undefined;
    const call: StoreCall = { ...this.#call("list", prefix), redact: (text) => redact?.(text) ?? text };
    const read = pageReader({ root, prefix, delimiter, call });
    let marker: string | undefined;
    do {
      const page = await this.#requester.run("list", prefix, options?.signal, ({ signal }, sent) => {
        redact = sent.redact;
        const request = { prefix: root + prefix, delimiter, pageSize, marker, signal };
        return requestPage(this.#container, request, sent);
      });
      yield read(page);
      marker = page.next;
    } while (marker !== undefined);
  }

  async delete(keys: readonly string[], options?: OperationOptions): Promise<readonly DeleteFailure[]> {
    options?.signal?.throwIfAborted();
    for (const key of keys) checkKey(key);
    return this.#deleter.delete([...new Set(keys)], options?.signal);
  }

  /** Ends the store's own connections. A client that was passed in keeps its own. */
  async close(): Promise<void> {
    this.#requester.close();
  }

  #nameOf(key: string): string {
    return `${this.#settings.root}${key}`;
  }

  /** For what is not about a request: nothing secret was sent. */
  #call(operation: StoreCall["operation"], key: string): StoreCall {
    return { store: this.name, operation, key };
  }
}

/** The URLs that `storeFromUrl` takes, for tools that find a store by its package. */
export const urlSchemes: readonly string[] = ["azure"];

/** The same as `AzureStore.fromUrl`. @throws `TypeError` */
export function storeFromUrl(url: string | URL): AzureStore {
  return AzureStore.fromUrl(url);
}
