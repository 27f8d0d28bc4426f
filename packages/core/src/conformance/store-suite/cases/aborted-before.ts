import type { ObjectStore } from "../../../store.ts";
import { abortUnderWayCases } from "./aborted-under-way.ts";
import { aborted, expectReason, expectWhole, firstPage, soon, undisturbed } from "../abort-expectations.ts";
import { expect, long, short } from "../store-case.ts";
import type { StoreCase } from "../store-case.ts";
import {
  createAll,
  expectAbsent,
  expectBody,
  forEach,
  listAll,
  showOutcome,
  pattern,
  outcomeOf,
  nextIteration,
  utf8,
} from "../operations.ts";
import { fill, hasEdge, numbered, severalPages } from "../several-pages.ts";

export const abortCases: readonly StoreCase[] = [
  {
    id: "abort.before",
    title:
      "an operation whose signal is already aborted does nothing and rejects with the reason, whatever it is",
    family: "abort",
    must: "A1",
    timeoutMs: short,
    async run({ store }) {
      await createAll(store, ["a/there"]);
      for (const reason of [new Error("enough"), "a string", { plain: "object" }, null]) {
        const signal = AbortSignal.abort(reason);
        for (const [operation, call] of [
          ["create", () => store.create("a/new", utf8("new"), { signal })],
          ["get", () => store.get("a/there", { signal })],
          ["list", () => firstPage(store, { signal })],
          ["list with the delimiter", () => firstPage(store, { signal, delimiter: "/" })],
          ["delete", () => store.delete(["a/there"], { signal })],
        ] as const) {
          const result = await soon(outcomeOf(call), `${operation}, its signal aborted before,`);
          expectReason(result, reason, `${operation}, its signal aborted before,`);
        }
      }
      const cause = "the signal is looked at after the request";
      await expectAbsent(store, "a/new", cause);
      await expectBody(store, "a/there", utf8("a/there"), cause);
    },
  },
  {
    id: "abort.between-pages",
    title: "a listing that is aborted between two pages gives no further page",
    family: "abort",
    must: "A2",
    timeoutMs: long,
    async run({ store, notReached }) {
      const paged = await fill(store, "a/", keysOf, [1_200, 2_500, severalPages]);
      const controller = new AbortController();
      const reason = { stop: true };
      const pages = store.list("a/", { signal: controller.signal })[Symbol.asyncIterator]();
      await pages.next();
      controller.abort(reason);
      const result = await soon(
        outcomeOf(() => pages.next()),
        "next() after the abort",
      );
      // If the first page held every key, then the store may end the listing instead.
      if (hasEdge({ notReached }, paged)) expectReason(result, reason, "next() after the abort");
    },
  },
  {
    id: "abort.neighbours",
    title: "an abort ends its own operation and no other",
    family: "abort",
    must: "A2",
    timeoutMs: short,
    async run({ store }) {
      const body = pattern(200_000);
      await createAll(store, ["a/there"], () => body);
      const numbers = Array.from({ length: 20 }, (_, number) => number);
      const left = numbers.map((number) => outcomeOf(() => store.create(`left/${number}`, body)));
      const read = numbers.map(() => outcomeOf(() => store.get("a/there")));
      const ending = numbers.map((number) =>
        number % 2 === 0
          ? aborted("create", number % 3, (signal) => store.create(`ended/${number}`, body, { signal }))
          : aborted("get", number % 3, (signal) => store.get("a/there", { signal })),
      );
      const ended = await Promise.allSettled(ending);
      const cause = "one connection or one controller for several operations, ended by the first abort";
      for (const result of await Promise.all(
        left.map((each) => undisturbed(each, "a create without a signal")),
      )) {
        expect(
          !result.rejected && result.value === "created",
          `a create without a signal ended with ${showOutcome(result)} while others were aborted`,
          cause,
        );
      }
      for (const result of await Promise.all(
        read.map((each) => undisturbed(each, "a get without a signal")),
      )) {
        expect(
          !result.rejected,
          `a get without a signal ended with ${showOutcome(result)} while others were aborted`,
          cause,
        );
        expectWhole(result, body);
      }
      const failed = ended.find((result) => result.status === "rejected");
      if (failed !== undefined) throw failed.reason;
      await forEach(numbers, (number) =>
        expectBody(store, `left/${number}`, body, "a write ended by another's abort"),
      );
    },
  },
  {
    id: "abort.listeners",
    title: "no operation leaves a listener on its signal",
    family: "abort",
    must: "A3",
    timeoutMs: short,
    async run({ store }) {
      const { signal, count } = countingSignal();
      await operate(store, signal);
      await nextIteration();
      expect(
        count() === 0,
        `${count()} listeners are left on the signal`,
        "addEventListener without removeEventListener: a signal that lives long gathers them",
      );
    },
  },
  ...abortUnderWayCases,
];

function keysOf(count: number): string[] {
  return numbered(count, (number) => `a/${number}`);
}

async function operate(store: ObjectStore, signal: AbortSignal): Promise<void> {
  await store.create("a/b", utf8("body"), { signal });
  await store.create("a/b", utf8("body"), { signal });
  await store.get("a/b", { signal });
  await store.get("a/absent", { signal });
  await listAll(store, "", { signal });
  await listAll(store, "", { signal, delimiter: "/" });
  for await (const page of store.list("", { signal })) {
    if (page.objects.length > 0) break;
  }
  await store.delete(["a/b", "a/absent"], { signal });
  await outcomeOf(() => store.get("a//b", { signal }));
}

function countingSignal(): { signal: AbortSignal; count: () => number } {
  const { signal } = new AbortController();
  const listeners = new Set<unknown>();
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  Object.defineProperties(signal, {
    addEventListener: {
      value: (type: string, listener: EventListener, options?: AddEventListenerOptions): void => {
        listeners.add(listener);
        add(type, listener, options);
      },
    },
    removeEventListener: {
      value: (type: string, listener: EventListener): void => {
        listeners.delete(listener);
        remove(type, listener);
      },
    },
  });
  return { signal, count: () => listeners.size };
}
