import type { ListPage, ObjectStore } from "./store.ts";

/** One listing that starts again where it broke off. */
export class Listing {
  readonly #store: ObjectStore;
  readonly #prefix: string;
  readonly #delimiter: "/" | undefined;
  #iterator: AsyncIterator<ListPage> | undefined;
  #controller = new AbortController();
  /** A page was asked for and has not been accepted: it failed, or nobody waited for it. */
  #outstanding = false;
  #restarted = false;
  #begun = false;
  #last = "";

  /** Whether a page of the running listing has come. */
  get begun(): boolean {
    return this.#begun;
  }

  constructor(store: ObjectStore, prefix: string, delimiter: "/" | undefined) {
    this.#store = store;
    this.#prefix = prefix;
    this.#delimiter = delimiter;
  }

  async next(signal: AbortSignal): Promise<ListPage | undefined> {
    if (this.#outstanding) {
      this.stop();
      this.#restarted = true;
    }
    this.#outstanding = true;
    const iterator = (this.#iterator ??= this.#start());
    const controller = this.#controller;
    const forward = (): void => controller.abort(signal.reason);
    signal.addEventListener("abort", forward, { once: true });
    try {
      const step = await iterator.next();
      return step.done === true ? undefined : step.value;
    } finally {
      signal.removeEventListener("abort", forward);
    }
  }

  /** The part of the page that was not given out before. */
  accept(page: ListPage): ListPage {
    this.#outstanding = false;
    this.#begun = true;
    const after = this.#last;
    for (const { key } of page.objects) if (key > this.#last) this.#last = key;
    for (const prefix of page.prefixes) if (prefix > this.#last) this.#last = prefix;
    if (!this.#restarted) return page;
    return {
      objects: page.objects.filter(({ key }) => key > after),
      prefixes: page.prefixes.filter((prefix) => prefix > after),
    };
  }

  /** Lets go of the running listing. Not awaited: a page that hangs must not hold up its caller. */
  stop(): void {
    const iterator = this.#iterator;
    this.#iterator = undefined;
    // If closing it fails, that is ignored: every page that was given out came before.
    iterator?.return?.().then(undefined, () => undefined);
  }

  #start(): AsyncIterator<ListPage> {
    this.#controller = new AbortController();
    this.#begun = false;
    const options = { signal: this.#controller.signal, delimiter: this.#delimiter };
    return this.#store.list(this.#prefix, options)[Symbol.asyncIterator]();
  }
}
