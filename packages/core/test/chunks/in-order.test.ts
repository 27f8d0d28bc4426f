import { describe, expect, test } from "vitest";
import { nextIteration } from "../../src/conformance/store-suite/operations.ts";
import { type Ahead, mapInOrder } from "../../src/in-order.ts";
import { rejectionOf } from "../support/rejection.ts";

/** A map that the test drives: each item is under way until the test ends it. */
class Driven {
  readonly begun: string[] = [];
  readonly aborted: unknown[] = [];
  readonly #ends = new Map<string, PromiseWithResolvers<string>>();

  readonly map = (item: string, signal: AbortSignal): Promise<string> => {
    const end = Promise.withResolvers<string>();
    this.begun.push(item);
    this.#ends.set(item, end);
    signal.addEventListener("abort", () => this.aborted.push(signal.reason));
    return end.promise;
  };

  async end(...items: readonly string[]): Promise<void> {
    for (const item of items) this.#ends.get(item)?.resolve(item.toUpperCase());
    await nextIteration();
  }

  async fail(item: string, error: unknown): Promise<void> {
    this.#ends.get(item)?.reject(error);
    await nextIteration();
  }
}

/** A source that notes that it was closed. */
class Letters implements Iterator<string> {
  returns = 0;
  readonly #letters: Iterator<string>;

  constructor(letters: string) {
    this.#letters = letters[Symbol.iterator]();
  }

  next(): IteratorResult<string, unknown> {
    return this.#letters.next();
  }

  return(): IteratorResult<string, unknown> {
    this.returns += 1;
    return { done: true, value: undefined };
  }
}

function ahead(options: Partial<Ahead<string>> = {}): Ahead<string> {
  return { limit: 2, weightLimit: Infinity, weightOf: () => 1, signal: undefined, ...options };
}

/** Takes all results into a list, in the background. */
function taken(results: AsyncIterable<string>): { list: string[]; end: Promise<void> } {
  const list: string[] = [];
  const take = async (): Promise<void> => {
    for await (const result of results) list.push(result);
  };
  return { list, end: take() };
}

describe("mapInOrder", () => {
  test("gives the results in order, though later items end first", async () => {
    const driven = new Driven();
    const { list, end } = taken(mapInOrder(new Letters("abc"), ahead({ limit: 3 }), driven.map));
    await nextIteration();
    await driven.end("c", "b");
    expect(list).toEqual([]);
    await driven.end("a");
    await end;
    expect(list).toEqual(["A", "B", "C"]);
  });

  test("has never more under way than the limit, and begins the next as the first ends", async () => {
    const driven = new Driven();
    const { end } = taken(mapInOrder(new Letters("abcd"), ahead(), driven.map));
    await nextIteration();
    expect(driven.begun.join("")).toBe("ab");
    await driven.end("b");
    expect(driven.begun.join("")).toBe("ab");
    await driven.end("a");
    expect(driven.begun.join("")).toBe("abcd");
    await driven.end("c", "d");
    await end;
  });

  test.for([
    { what: "below the limit another is begun", weights: { a: 4, b: 5, c: 1 }, begun: "abc" },
    { what: "at the limit none is", weights: { a: 4, b: 6, c: 1 }, begun: "ab" },
    { what: "above it none is", weights: { a: 9, b: 9, c: 1 }, begun: "ab" },
    { what: "one is, whatever its weight", weights: { a: 99, b: 1, c: 1 }, begun: "a" },
  ])("goes by weight: $what", async ({ weights, begun }) => {
    const driven = new Driven();
    const weightOf = (item: string): number => weights[item as "a" | "b" | "c"];
    const results = mapInOrder(
      new Letters("abc"),
      ahead({ limit: 9, weightLimit: 10, weightOf }),
      driven.map,
    );
    const { list, end } = taken(results);
    await nextIteration();
    expect(driven.begun.join("")).toBe(begun);
    await driven.end("a");
    await driven.end("b");
    await driven.end("c");
    await end;
    expect(list).toEqual(["A", "B", "C"]);
  });

  test("begins nothing while its consumer holds a result", async () => {
    const driven = new Driven();
    const results = mapInOrder(new Letters("abcd"), ahead(), driven.map);
    const first = results.next();
    await nextIteration();
    await driven.end("a", "b");
    expect(await first).toEqual({ done: false, value: "A" });
    await nextIteration();
    expect(driven.begun.join("")).toBe("ab");
    await results.return();
  });

  test("of nothing is nothing", async () => {
    const driven = new Driven();
    expect(await mapInOrder(new Letters(""), ahead(), driven.map).next()).toEqual({
      done: true,
      value: undefined,
    });
  });

  test("gives what came before a failure, begins nothing more, and waits for what is under way", async () => {
    const driven = new Driven();
    const source = new Letters("abcdef");
    const { list, end } = taken(mapInOrder(source, ahead({ limit: 3 }), driven.map));
    let isOver = false;
    const failure = rejectionOf(end).finally(() => {
      isOver = true;
    });
    await nextIteration();
    const error = new Error("b failed");
    await driven.fail("b", error);
    await driven.end("a");
    expect([list, driven.begun.join(""), isOver]).toEqual([["A"], "abc", false]);
    // What is under way is aborted, and its end is waited for.
    expect(driven.aborted).toHaveLength(3);
    await driven.end("c");
    expect(await failure).toBe(error);
    expect([driven.begun.join(""), source.returns]).toEqual(["abc", 1]);
  });

  test("is over with the failure of its source, once what is under way has ended", async () => {
    const driven = new Driven();
    const error = new Error("no more letters");
    async function* letters(): AsyncGenerator<string> {
      yield "a";
      throw error;
    }
    let isOver = false;
    const { end } = taken(mapInOrder(letters(), ahead(), driven.map));
    const failure = rejectionOf(end).finally(() => {
      isOver = true;
    });
    await nextIteration();
    expect([driven.aborted.length, isOver]).toEqual([1, false]);
    await driven.end("a");
    expect(await failure).toBe(error);
  });

  test("whose consumer stops early aborts what is under way, waits for it, and closes its source", async () => {
    const driven = new Driven();
    const source = new Letters("abcd");
    const results = mapInOrder(source, ahead({ limit: 3 }), driven.map);
    const first = results.next();
    await nextIteration();
    await driven.end("a");
    await first;
    let isOver = false;
    const stopped = results.return().finally(() => {
      isOver = true;
    });
    await nextIteration();
    expect(driven.aborted).toHaveLength(3);
    expect([isOver, source.returns]).toEqual([false, 0]);
    await driven.end("b", "c");
    await stopped;
    expect([driven.begun.join(""), source.returns]).toEqual(["abc", 1]);
  });

  test("a source that has ended is not closed", async () => {
    const driven = new Driven();
    const source = new Letters("a");
    const { end } = taken(mapInOrder(source, ahead(), driven.map));
    await nextIteration();
    await driven.end("a");
    await end;
    expect(source.returns).toBe(0);
  });

  test("aborts what is under way with the caller's reason", async () => {
    const driven = new Driven();
    const controller = new AbortController();
    const reason = new Error("shutting down");
    const { end } = taken(mapInOrder(new Letters("ab"), ahead({ signal: controller.signal }), driven.map));
    const failure = rejectionOf(end);
    await nextIteration();
    controller.abort(reason);
    expect(driven.aborted).toEqual([reason, reason]);
    await driven.fail("a", reason);
    await driven.end("b");
    expect(await failure).toBe(reason);
  });

  test("begins nothing if the caller has aborted before", async () => {
    const driven = new Driven();
    const results = mapInOrder(new Letters("ab"), ahead({ signal: AbortSignal.abort("before") }), driven.map);
    expect(await rejectionOf(results.next())).toBe("before");
    expect(driven.begun).toEqual([]);
  });

  test("an abort does not wait for a source that hangs", async () => {
    const controller = new AbortController();
    let returns = 0;
    const hanging: AsyncIterator<string> = {
      next: () => new Promise(() => undefined),
      return: () => {
        returns += 1;
        return new Promise(() => undefined);
      },
    };
    const { end } = taken(mapInOrder(hanging, ahead({ signal: controller.signal }), new Driven().map));
    const failure = rejectionOf(end);
    await nextIteration();
    controller.abort("enough");
    expect(await failure).toBe("enough");
    expect(returns).toBe(1);
  });

  test("what closing the source rejects with hides no failure", async () => {
    const error = new Error("of a");
    const source: AsyncIterator<string> = {
      next: async () => ({ done: false, value: "a" }),
      return: () => Promise.reject(new Error("of closing")),
    };
    const { end } = taken(mapInOrder(source, ahead(), () => Promise.reject(error)));
    expect(await rejectionOf(end)).toBe(error);
  });
});
