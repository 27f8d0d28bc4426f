import { StoreError, type StoreErrorCode } from "../../errors.ts";
import type { DeleteFailure, ListOptions, ListPage, ObjectStore } from "../../store.ts";

/** `create epoch=5/_COMMIT`, `get …`, `list …`; a delete shows its keys, joined by spaces. */
export type Match = string | RegExp;

export interface Occurrence {
  /** How many matching requests pass first. */
  readonly after?: number;
}

/** A request that waits. */
export interface Held {
  /** The request has come. */
  readonly arrived: Promise<void>;
  /** Lets it go on. */
  release(): void;
  /** Lets it go on, and resolves when the store has responded. */
  finish(): Promise<void>;
}

/** A request whose caller is told "no response" while it is on its way. */
export interface Late {
  /** The request reaches the store now; resolves with the response that nobody waits for. */
  land(): Promise<unknown>;
}

type Perform = () => Promise<unknown>;

interface Rule {
  readonly match: Match;
  passing: number;
  readonly apply: (perform: Perform) => Promise<unknown>;
}

/**
 * One actor's way to a store: holds, loses, delays and repeats the requests that a test names, so that a race is a
 * schedule and not a matter of luck. Each rule is for one request.
 */
export class ScriptedStore implements ObjectStore {
  readonly #inner: ObjectStore;
  readonly #rules: Rule[] = [];
  readonly #requests: string[] = [];

  readonly #onRequest: (request: string) => void;

  constructor(inner: ObjectStore, onRequest: (request: string) => void = () => undefined) {
    this.#inner = inner;
    this.#onRequest = onRequest;
  }

  get name(): string {
    return this.#inner.name;
  }

  /** Every request so far, as rules match them. */
  get requests(): readonly string[] {
    return this.#requests;
  }

  /** The request waits before it reaches the store. */
  hold(match: Match, occurrence?: Occurrence): Held {
    return this.#wait(match, occurrence, async (perform, gate) => {
      await gate();
      return perform();
    });
  }

  /** The request reaches the store; its response waits. */
  holdResponse(match: Match, occurrence?: Occurrence): Held {
    return this.#wait(match, occurrence, async (perform, gate) => {
      const response = await perform();
      await gate();
      return response;
    });
  }

  /**
   * The listing is no moment: its names are taken when it arrives, and each is looked at when it is released. A name that
   * is gone by then is left out, and what came meanwhile is not shown.
   */
  tear(match: Match, occurrence?: Occurrence): Held {
    return this.#wait(match, occurrence, async (perform, gate) => {
      const names = await perform();
      await gate();
      return stillThere(names as readonly ListPage[], (await perform()) as readonly ListPage[]);
    });
  }

  /** The request takes effect, and its response is lost. */
  loseResponse(match: Match, occurrence?: Occurrence): void {
    this.#add(match, occurrence, async (perform) => {
      await perform();
      throw noResponse();
    });
  }

  /** The request is lost on its way. */
  lose(match: Match, occurrence?: Occurrence): void {
    this.#add(match, occurrence, () => Promise.reject(noResponse()));
  }

  /** The caller is told "no response"; the request lands when the test says so. */
  delay(match: Match, occurrence?: Occurrence): Late {
    let request: Perform | undefined;
    this.#add(match, occurrence, (perform) => {
      request = perform;
      return Promise.reject(noResponse());
    });
    return { land: async () => request?.() };
  }

  /** The request reaches the store twice, and the second response is what the caller sees. */
  repeat(match: Match, occurrence?: Occurrence): void {
    this.#add(match, occurrence, async (perform) => {
      await perform();
      return perform();
    });
  }

  /** The request is refused. */
  refuse(match: Match, code: StoreErrorCode, occurrence?: Occurrence): void {
    this.#add(match, occurrence, () => Promise.reject(new StoreError(code, `refused: ${code}`)));
  }

  async create(key: string, body: Uint8Array): Promise<"created" | "exists"> {
    const response = await this.#pass(`create ${key}`, () => this.#inner.create(key, body));
    return response as "created" | "exists";
  }

  async get(key: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return (await this.#pass(`get ${key}`, () => this.#inner.get(key))) as
      | Uint8Array<ArrayBuffer>
      | undefined;
  }

  async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage> {
    const listing = { delimiter: options?.delimiter };
    const pages = await this.#pass(`list ${prefix}`, async () => {
      const all: ListPage[] = [];
      for await (const page of this.#inner.list(prefix, listing)) all.push(page);
      return all;
    });
    yield* pages as ListPage[];
  }

  /** A refused delete is reported key by key, as the contract has it. */
  async delete(keys: readonly string[]): Promise<readonly DeleteFailure[]> {
    try {
      const response = await this.#pass(`delete ${keys.join(" ")}`, () => this.#inner.delete(keys));
      return response as readonly DeleteFailure[];
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      return keys.map((key) => ({ key, error }));
    }
  }

  async #pass(request: string, perform: Perform): Promise<unknown> {
    this.#requests.push(request);
    this.#onRequest(request);
    const matching = this.#rules.filter(({ match }) =>
      typeof match === "string" ? match === request : match.test(request),
    );
    for (const rule of matching) {
      if (rule.passing-- > 0) continue;
      this.#rules.splice(this.#rules.indexOf(rule), 1);
      return rule.apply(perform);
    }
    return perform();
  }

  #add(match: Match, occurrence: Occurrence | undefined, apply: Rule["apply"]): void {
    this.#rules.push({ match, passing: occurrence?.after ?? 0, apply });
  }

  #wait(
    match: Match,
    occurrence: Occurrence | undefined,
    apply: (perform: Perform, gate: () => Promise<void>) => Promise<unknown>,
  ): Held {
    const arrived = Promise.withResolvers<void>();
    const released = Promise.withResolvers<void>();
    const responded = Promise.withResolvers<void>();
    const gate = (): Promise<void> => {
      arrived.resolve();
      return released.promise;
    };
    this.#add(match, occurrence, async (perform) => {
      try {
        return await apply(perform, gate);
      } finally {
        responded.resolve();
      }
    });
    return {
      arrived: arrived.promise,
      release: () => released.resolve(),
      finish: () => {
        released.resolve();
        return responded.promise;
      },
    };
  }
}

function noResponse(): StoreError {
  return new StoreError("Unavailable", "no response");
}

function stillThere(names: readonly ListPage[], later: readonly ListPage[]): readonly ListPage[] {
  const keys = new Set(later.flatMap(({ objects }) => objects.map(({ key }) => key)));
  const folders = new Set(later.flatMap(({ prefixes }) => prefixes));
  return names.map(({ objects, prefixes }) => ({
    objects: objects.filter(({ key }) => keys.has(key)),
    prefixes: prefixes.filter((folder) => folders.has(folder)),
  }));
}
