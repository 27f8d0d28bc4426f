import { AsyncLocalStorage } from "node:async_hooks";
import { isStoreError, type StoreError } from "../../src/errors.ts";
import type { DeleteFailure, ListOptions, ListPage, ObjectStore, OperationOptions } from "../../src/store.ts";
import { type Network, noResponse, type Operation } from "./network.ts";
import type { Link } from "./link.ts";
import { Page } from "./page.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Origin, StoreServer } from "./store-server.ts";
import type { Trait } from "./traits.ts";

/** So many events after it was sent a request is long overdue: its sender has done much else since. */
const longAfter = 50;

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
  readonly link: Link;
  readonly traits: Set<Trait>;
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
  /** Bytes that go to the store, and come back. */
  readonly sends?: number;
  readonly receives?: (response: T) => number;
  readonly perform: () => T;
  /** Does one more part of it, and says what; `undefined`: all is done. */
  readonly goOn?: (response: T) => string | undefined;
  /** Of a delete, for some of its keys. */
  readonly performPartly?: () => T;
  readonly found: (response: T) => readonly string[];
  readonly isLast?: (response: T) => boolean;
}

/** One process's way to the store. No request gets through, and no response back, unless the schedule says so. */
export class Connection implements ObjectStore {
  readonly name = "simulated";
  crashed = false;
  /** When a request like this is to be sent, the process dies, and nobody knows whether it was. */
  #doom: { readonly request: RegExp; readonly died: () => void } | undefined;
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
      sends: body.length,
      perform: () => {
        const response = server.create(key, copy, origin);
        return ignoresCondition === true ? "created" : response;
      },
      found: (response) => (response === "created" ? [key] : []),
    });
  }

  get(key: string, options?: OperationOptions): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return this.#request({
      operation: "get",
      key,
      signal: options?.signal,
      receives: (body) => body?.length ?? 0,
      perform: () => this.#options.server.get(key),
      found: (body) => (body === undefined ? [] : [key]),
    });
  }

  list(prefix: string, options?: ListOptions): AsyncIterable<ListPage> {
    const { server, network } = this.#options;
    let last = "";
    let ended = false;
    const end = { done: true, value: undefined } as const;
    const next = async (): Promise<IteratorResult<ListPage, undefined>> => {
      if (ended) return end;
      const page = await this.#request<Page>({
        operation: "list",
        key: prefix,
        signal: options?.signal,
        perform: () => server.page(prefix, options?.delimiter, last, network.isTorn()),
        goOn: (taken) => (taken.isOver ? undefined : taken.lookAtSome().join(" ")),
        found: () => [],
        isLast: ({ more }) => !more,
      });
      last = page.last;
      ended = !page.more;
      return { done: false, value: page.response() };
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

  /** Resolves when the process has died of being about to send such a request. */
  dieBefore(request: RegExp): Promise<void> {
    return new Promise((died) => {
      this.#doom = { request, died };
    });
  }

  #request<T>(request: Request<T>): Promise<T> {
    const { owner, scheduler, link } = this.#options;
    const { operation, key } = request;
    const label = `${operation} ${key}`;
    const exchange = new Exchange(this, this.#options, request);
    if (this.#doom?.request.test(label) === true && !this.crashed) {
      this.crashed = true;
      scheduler.note(`${owner} dies when it is about to ${label}`);
      this.#doom.died();
    }
    link.carry(request.sends ?? 0, () => scheduler.add({ owner, run: () => exchange.arrive() }));
    return exchange.response;
  }
}

/** One request, and what becomes of it. */
class Exchange<T> {
  readonly response: Promise<T>;
  readonly #sender: { readonly crashed: boolean };
  readonly #options: ConnectionOptions;
  readonly #request: Request<T>;
  readonly #label: string;
  readonly #call: CallRequests | undefined = currentCall.getStore();
  readonly #token: object | undefined;
  #resolve: (value: T) => void = () => undefined;
  #reject: (error: StoreError) => void = () => undefined;

  constructor(sender: { readonly crashed: boolean }, options: ConnectionOptions, request: Request<T>) {
    this.#sender = sender;
    this.#options = options;
    this.#request = request;
    this.#label = `${request.operation} ${request.key}`;
    this.#token = this.#call?.sent(request.operation, request.key);
    this.response = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** The request gets to the store, or does not. @returns what happened */
  arrive(): string {
    const { network, calm } = this.#options;
    const { operation, key, signal, perform, performPartly } = this.#request;
    const isChange = operation === "create" || operation === "delete";
    if (this.#sender.crashed) {
      if (!isChange || network.coin()) return `(crashed) ${this.#label} is lost`;
      return this.#landLater("(crashed)");
    }
    // Its sender has given up, and it is still on its way.
    if (isChange && signal?.aborted === true && network.coin()) return this.#landLater("(given up)");
    const fate = calm === true ? "normal" : network.fate(operation, key);
    if (fate === "refused") return this.#fail(network.refusal(), "refused");
    if (fate === "never") return this.#fail(noResponse(), "never lands");
    if (fate === "later") {
      this.#landLater("");
      return this.#fail(noResponse(), "in flight");
    }
    const partly = fate === "partly" ? performPartly?.() : undefined;
    const first = partly ?? perform();
    if (fate === "landed") return this.#fail(noResponse(), "landed");
    if (partly !== undefined) this.#call?.failed();
    return this.#deliver(fate === "repeated" ? perform() : first);
  }

  /** What is done goes back to its sender, once all of it is done. */
  #deliver(value: T): string {
    const { owner, scheduler, network, link, traits } = this.#options;
    const { goOn, receives } = this.#request;
    const more = goOn?.(value);
    if (more !== undefined) {
      traits.add("a page that mixes moments");
      scheduler.addLater({ owner, run: () => this.#deliver(value) }, network.pauseOfPage());
      return `${this.#label} looks at ${more}`;
    }
    const bytes = receives?.(value) ?? 0;
    if (!network.isLate()) {
      let happened: string | undefined;
      link.carry(bytes, () => (happened = this.#respond(value)));
      return happened ?? `${this.#label} -> ${shown(value)}, ${bytes} bytes to come`;
    }
    link.carry(bytes, () => scheduler.add({ owner, run: () => `late response: ${this.#respond(value)}` }));
    return `${this.#label} -> ${shown(value)} ...`;
  }

  #respond(value: T): string {
    if (this.#sender.crashed) return `(crashed) the response to ${this.#label}`;
    const { signal, found, isLast } = this.#request;
    if (this.#token !== undefined && signal?.aborted !== true)
      this.#call?.responded(this.#token, found(value), isLast?.(value) ?? true);
    this.#resolve(value);
    return `${this.#label} -> ${shown(value)}`;
  }

  #fail(error: StoreError, how: string): string {
    this.#call?.failed();
    this.#reject(error);
    return `${this.#label} -> ${error.code} (${how})`;
  }

  #landLater(why: string): string {
    const { scheduler, network, traits } = this.#options;
    const since = scheduler.tick;
    const run = (): string => {
      if (network.coin() && network.coin()) return `${this.#label} is lost for good`;
      if (this.#request.operation === "create" && scheduler.tick - since > longAfter)
        traits.add("a create that lands long after");
      return `${this.#label} lands -> ${shown(this.#request.perform())}`;
    };
    scheduler.addLater({ owner: "late", run }, network.wayOfLate());
    return `${why} ${this.#label} is still on its way`;
  }
}

function shown(value: unknown): string {
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (value instanceof Page) return `[${value.shown.join(" ")}]`;
  return typeof value === "string" ? value : value === undefined ? "absent" : "done";
}
