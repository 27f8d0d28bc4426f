import type { CreateOptions, DeleteFailure, ListOptions, ListPage, Remark } from "@state/core";
import { storeError } from "@state/core/adapter";
import { digestsOf, plainBody, readBody, readPlain, saysCreated } from "./body.ts";
import { type ClientSource, derivedClient, ownClient } from "./client.ts";
import { bufferOf } from "./commands.ts";
import { Deleter } from "./deleting.ts";
import type { DirectWay } from "./direct/way.ts";
import { meansAbsent, meansExists } from "./errors.ts";
import { Listing } from "./listing.ts";
import type { Settings } from "./options.ts";
import { Requester, type S3Request } from "./request.ts";

/** The calls of a store, whose arguments are checked. It is a module of its own that a store loads at its first call. */
export class Calls {
  readonly #settings: Settings;
  readonly #client: ClientSource;
  readonly #requester: Requester;
  readonly #deleter: Deleter = new Deleter();

  constructor(settings: Settings) {
    this.#settings = settings;
    const { given, clientConfig } = settings;
    this.#client = given === undefined ? ownClient(clientConfig) : derivedClient(given);
    this.#requester = new Requester({ ...settings, client: this.#client });
  }

  /** `undefined` before the first request. */
  get way(): DirectWay | undefined {
    return this.#requester.way;
  }

  async create(
    key: string,
    body: Uint8Array,
    { sha256, signal }: CreateOptions,
  ): Promise<"created" | "exists"> {
    const name = this.#settings.prefix + key;
    const work = async (request: S3Request): Promise<"created" | "exists"> => {
      const digests = await digestsOf(body, { sha256, signal: request.signal });
      const response = await request.direct("create", { name, body: bufferOf(body), digests });
      if (response !== undefined && saysCreated(response)) return "created";
      try {
        const { ETag: etag } = await request.send(await request.commands.create(name, body, digests));
        // A proxy may respond with 200 too, but without the object's ETag.
        if (etag !== undefined) return "created";
      } catch (error) {
        if (meansExists(error)) return "exists";
        throw error;
      }
      throw storeError(
        request.call,
        { code: "Unavailable" },
        "the response has no ETag: it is not the service's",
      );
    };
    return this.#requester.run("create", key, signal, work, body.byteLength);
  }

  async get(key: string, signal: AbortSignal | undefined): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const name = this.#settings.prefix + key;
    return this.#requester.run("get", key, signal, async (request) => {
      const response = await request.direct("get", { name });
      const body = response === undefined ? undefined : plainBody(response);
      if (body !== undefined) return readPlain(body, request.call, request);
      try {
        return await readBody(await request.send(request.commands.get(name)), request.call, request);
      } catch (error) {
        if (meansAbsent(error)) return undefined;
        throw error;
      }
    });
  }

  async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage, void, undefined> {
    const { name: store, prefix: root } = this.#settings;
    const call = { store, operation: "list", key: prefix } as const;
    const listing = new Listing({ root, prefix, delimiter: options?.delimiter, call });
    for (let isLast = false; !isLast;) {
      const read = await this.#requester.run("list", prefix, options?.signal, (request) =>
        listing.next(request),
      );
      isLast = read.isLast;
      yield read.page;
    }
  }

  delete(keys: readonly string[], signal: AbortSignal | undefined): Promise<readonly DeleteFailure[]> {
    const { prefix: root, deleteBatchSize: batchSize } = this.#settings;
    return this.#deleter.delete(keys, {
      root,
      batchSize,
      signal,
      run: (key, work) => this.#requester.run("delete", key, signal, work),
    });
  }

  async examine(signal: AbortSignal | undefined): Promise<readonly Remark[]> {
    const { examine } = await import("./examination/examination.ts");
    return examine(this.#settings, this.#requester, signal);
  }

  /** Ends the store's own connections, and none of a client that was passed in. */
  close(): void {
    this.#client.close();
  }
}
