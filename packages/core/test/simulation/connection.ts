import { AsyncLocalStorage } from "node:async_hooks";
import { isStoreError, type StoreError } from "../../src/errors.ts";
import type { DeleteFailure, ListOptions, ListPage, ObjectStore, OperationOptions } from "../../src/store.ts";
import { type Network, noResponse, type Operation } from "./network.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Origin, StoreServer } from "./store-server.ts";

/** What an observer learns of the requests that a call makes. */
export interface CallRequests {
  /** Returns a token that the response is reported with. */
  sent(operation: Operation, key: string): object;
  /** `found`: the keys of which the response says what is there. */
  responded(request: object, found: readonly string[], isLast: boolean): void;
  failed(): void;
}

/** The call on whose behalf the code under test runs: how a request is known to belong to it. */
export const currentCall: AsyncLocalStorage<CallRequests> = new AsyncLocalStorage();

export interface ConnectionOptions {
  readonly owner: string;
  readonly scheduler: Scheduler;
  readonly network: Network;
  readonly server: StoreServer;
  /** A service that takes no notice of the condition, for the backend to find out. */
  readonly ignoresCondition?: boolean;
  /** No request fails. */
  readonly calm?: boolean;
}

interface Request<T> {
  readonly operation: Operation;
  readonly key: string;
  /** Once it has aborted nobody sees the response. */
  readonly signal: AbortSignal | undefined;
  readonly perform: () => T;
  /** Of a delete, for some of its keys. */
  readonly performPartly?: () => T;
  readonly found: (response: T) => readonly string[];
  readonly isLast?: (response: T) => boolean;
}

/** One process's way to the store. No request gets through, and no response back, unless the schedule says so. */
export class Connection implements ObjectStore {
  readonly name = "simulated";
  crashed = false;
  readonly #options: ConnectionOptions;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  create(key: string, body: Uint8Array, options?: OperationOptions): Promise<"created" | "exists"> {
    const { server, scheduler, ignoresCondition } = this.#options;
    const origin: Origin = { sentAt: scheduler.tick };
    const copy = new Uint8Array(body);
    return this.#request({
      operation: "create",
      key,
      signal: options?.signal,
      perform: () => {
        const response = server.create(key, copy, origin);
        return ignoresCondition === true ? "created" : response;
      },
      found: (response) => (response === "created" ? [key] : []),
    });
  }

  get(key: string, options?: OperationOptions): Promise<Uint8Array | undefined> {
    return this.#request({
      operation: "get",
      key,
      signal: options?.signal,
      perform: () => this.#options.server.get(key),
      found: (body) => (body === undefined ? [] : [key]),
    });
  }

  list(prefix: string, options?: ListOptions): AsyncIterable<ListPage> {
    let last = "";
    let ended = false;
    const end = { done: true, value: undefined } as const;
    const next = async (): Promise<IteratorResult<ListPage, undefined>> => {
      if (ended) return end;
      const response = await this.#request({
        operation: "list",
        key: prefix,
        signal: options?.signal,
        perform: () => this.#options.server.page(prefix, options?.delimiter, last),
        found: () => [],
        isLast: ({ more }) => !more,
      });
      last = response.last;
      ended = !response.more;
      return { done: false, value: response.page };
    };
    return { [Symbol.asyncIterator]: () => ({ next, return: async () => end }) };
  }

  async delete(keys: readonly string[], options?: OperationOptions): Promise<readonly DeleteFailure[]> {
    const { server, network } = this.#options;
    try {
      return await this.#request<readonly DeleteFailure[]>({
        operation: "delete",
        key: keys.join(" "),
        signal: options?.signal,
        perform: () => {
          server.delete(keys);
          return [];
        },
        performPartly: () => {
          const failed = keys.filter(() => network.coin());
          server.delete(keys.filter((key) => !failed.includes(key)));
          const error = network.refusal();
          return failed.map((key) => ({ key, error }));
        },
        found: () => [],
      });
    } catch (error) {
      if (!isStoreError(error)) throw error;
      return keys.map((key) => ({ key, error }));
    }
  }

  #request<T>(request: Request<T>): Promise<T> {
    const { owner, scheduler, network, calm } = this.#options;
    const { operation, key } = request;
    const call = currentCall.getStore();
    const token = call?.sent(operation, key);
    const label = `${operation} ${key}`;
    return new Promise((resolve, reject) => {
      const respond = (value: T): string => {
        if (this.crashed) return `(crashed) the response to ${label}`;
        if (token !== undefined && request.signal?.aborted !== true)
          call?.responded(token, request.found(value), request.isLast?.(value) ?? true);
        resolve(value);
        return `${label} -> ${shown(value)}`;
      };
      const fail = (error: StoreError, how: string): string => {
        call?.failed();
        reject(error);
        return `${label} -> ${error.code} (${how})`;
      };
      const late = (): void =>
        scheduler.add({
          owner: "late",
          run: () => {
            if (network.coin() && network.coin()) return `${label} is lost for good`;
            return `${label} lands -> ${shown(request.perform())}`;
          },
        });
      const arrive = (): string => {
        if (this.crashed) {
          if (network.coin()) return `(crashed) ${label} is lost`;
          return `(crashed) ${label} -> ${shown(request.perform())}`;
        }
        const fate = calm === true ? "normal" : network.fate(operation, key);
        if (fate === "refused") return fail(network.refusal(), "refused");
        if (fate === "never") return fail(noResponse(), "never lands");
        if (fate === "later") {
          late();
          return fail(noResponse(), "in flight");
        }
        const partly = fate === "partly" ? request.performPartly?.() : undefined;
        const first = partly ?? request.perform();
        if (fate === "landed") return fail(noResponse(), "landed");
        if (partly !== undefined) call?.failed();
        const value = fate === "repeated" ? request.perform() : first;
        if (!network.isLate()) return respond(value);
        scheduler.add({ owner, run: () => `late response: ${respond(value)}` });
        return `${label} -> ${shown(value)} ...`;
      };
      scheduler.add({ owner, run: arrive });
    });
  }
}

function shown(value: unknown): string {
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (typeof value === "object" && value !== null && "page" in value) {
    const { objects, prefixes } = (value as { page: ListPage }).page;
    return `[${[...objects.map(({ key }) => key), ...prefixes].join(" ")}]`;
  }
  return typeof value === "string" ? value : value === undefined ? "absent" : "done";
}
