import type { ObjectStore } from "../../store.ts";
import { expect, long, short } from "./case.ts";
import type { StoreCase } from "./case.ts";
import {
  createAll,
  difference,
  expectAbsent,
  expectBody,
  forEach,
  listAll,
  pattern,
  seen,
  settled,
  turn,
  utf8,
} from "./operations.ts";
import type { Settled } from "./operations.ts";
import { fill, hasEdge, numbered, severalPages } from "./pages.ts";

/** An operation that was aborted has nothing to wait for. Generous, for machines that are busy. */
const soonMs = 5_000;
const ignored = "the signal is not passed on";
const wrapped = "the client's abort error, or a wrapper, instead of `signal.reason`";
const broken = "a connection, a lock or a queue that an aborted operation leaves behind";

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
          ["list", () => next(store, { signal })],
          ["list with the delimiter", () => next(store, { signal, delimiter: "/" })],
          ["delete", () => store.delete(["a/there"], { signal })],
        ] as const) {
          const result = await soon(settled(call), `${operation}, its signal aborted before,`);
          expectReason(result, reason, `${operation}, its signal aborted before,`);
        }
      }
      const cause = "the signal is looked at after the request";
      await expectAbsent(store, "a/new", cause);
      await expectBody(store, "a/there", utf8("a/there"), cause);
    },
  },
  {
    id: "abort.during",
    title:
      "an operation that is aborted a little later succeeds as a whole or rejects with the reason, soon, and the store works on",
    family: "abort",
    must: "A2",
    timeoutMs: long,
    async run({ store }) {
      const body = pattern(4 * 2 ** 20);
      await createAll(store, ["a/there"], () => body);
      for (const turns of [0, 1, 2, 5, 10]) {
        const key = `b/${turns}`;
        const created = await aborted("create", turns, (signal) => store.create(key, body, { signal }));
        if (!created.rejected) await expectBody(store, key, body, "a success without the object");
        expectWhole(await aborted("get", turns, (signal) => store.get("a/there", { signal })), body);
        await aborted("list", turns, (signal) => next(store, { signal }));
        await aborted("delete", turns, (signal) => store.delete([key], { signal }));
        const left = await store.get(key);
        const fault = left === undefined ? undefined : difference(left, body);
        expect(
          fault === undefined,
          `get gave ${fault} after the aborts`,
          "half a body left by an aborted create",
        );
      }
      await expectWorks(store);
      await expectBody(store, "a/there", body, broken);
    },
  },
  {
    id: "abort.in-flight",
    title:
      "an operation that has to wait for its medium, aborted as soon as it was called, rejects with the reason",
    family: "abort",
    must: "A2",
    timeoutMs: long,
    async run({ store }) {
      const body = pattern(2 ** 20);
      const doomed = (operation: string, attempt: number): string => `doomed/${operation}/${attempt}`;
      const operations = {
        create: (attempt: number, signal?: AbortSignal) => store.create(`new/${attempt}`, body, { signal }),
        get: (_: number, signal?: AbortSignal) => store.get("a/there", { signal }),
        list: (_: number, signal?: AbortSignal) => next(store, { signal }),
        delete: (attempt: number, signal?: AbortSignal) =>
          store.delete([doomed("delete", attempt)], { signal }),
      };
      await createAll(store, ["a/there"], () => body);
      await createAll(
        store,
        Array.from({ length: attempts + 1 }, (_, attempt) => doomed("delete", attempt)),
      );
      for (const [operation, call] of Object.entries(operations)) {
        const turns: number[] = [];
        for (let attempt = 0; attempt < attempts; attempt += 1)
          turns.push(await turnsOf(() => call(attempt)));
        const result = await aborted(operation, 0, (signal) => call(attempts, signal));
        // What is over within a turn or two may be done before the signal can say anything.
        expect(
          result.rejected || Math.min(...turns) < 3,
          `${operation} takes ${Math.min(...turns)} turns of the event loop or more, was aborted in the first, and answered`,
          `${ignored}, or looked at only before the request`,
        );
      }
      await expectWorks(store);
    },
  },
  {
    id: "abort.mid-body",
    title:
      "creates and gets of 8 MiB that are aborted on their way succeed as a whole or reject with the reason, and the store works on",
    family: "abort",
    must: "A2",
    timeoutMs: long,
    async run({ store }) {
      const body = pattern(8 * 2 ** 20);
      const createTurns = await turnsOf(() => store.create("a/there", body));
      const getTurns = await turnsOf(() => store.get("a/there"));
      for (const part of [0.2, 0.4, 0.6, 0.8]) {
        const key = `b/${part}`;
        await aborted("create", createTurns * part, (signal) => store.create(key, body, { signal }));
        const left = await store.get(key);
        const fault = left === undefined ? undefined : difference(left, body);
        expect(
          fault === undefined,
          `get gave ${fault} after an aborted create`,
          "what was sent by then kept as the object",
        );
        expectWhole(
          await aborted("get", getTurns * part, (signal) => store.get("a/there", { signal })),
          body,
        );
      }
      await expectWorks(store);
      await expectBody(store, "a/there", body, broken);
    },
  },
  {
    id: "abort.between-pages",
    title: "a listing that is aborted between two pages gives no further page",
    family: "abort",
    must: "A2",
    timeoutMs: long,
    async run({ store }) {
      const keysOf = (count: number): string[] => numbered(count, (number) => `a/${number}`);
      const paged = await fill(store, "a/", keysOf, [1_200, 2_500, severalPages]);
      const controller = new AbortController();
      const reason = { stop: true };
      const pages = store.list("a/", { signal: controller.signal })[Symbol.asyncIterator]();
      await pages.next();
      controller.abort(reason);
      const result = await soon(
        settled(() => pages.next()),
        "next() after the abort",
      );
      // A store whose first page held everything may know that it is done.
      if (hasEdge("abort.between-pages", paged)) expectReason(result, reason, "next() after the abort");
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
      const left = numbers.map((number) => settled(() => store.create(`left/${number}`, body)));
      const read = numbers.map(() => settled(() => store.get("a/there")));
      const ended = numbers.map((number) =>
        number % 2 === 0
          ? aborted("create", number % 3, (signal) => store.create(`ended/${number}`, body, { signal }))
          : aborted("get", number % 3, (signal) => store.get("a/there", { signal })),
      );
      const cause = "one connection or one controller for several operations, ended by the first abort";
      for (const result of await Promise.all(left)) {
        expect(
          !result.rejected && result.value === "created",
          `a create without a signal settled as ${seen(result)} while others were aborted`,
          cause,
        );
      }
      for (const result of await Promise.all(read)) {
        expect(
          !result.rejected,
          `a get without a signal settled as ${seen(result)} while others were aborted`,
          cause,
        );
        expectWhole(result, body);
      }
      await Promise.all(ended);
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
      await turn();
      expect(
        count() === 0,
        `${count()} listeners are left on the signal`,
        "addEventListener without removeEventListener: a signal that lives long gathers them",
      );
    },
  },
];

const attempts = 3;

function next(
  store: ObjectStore,
  options: { readonly signal?: AbortSignal | undefined; readonly delimiter?: "/" },
): Promise<unknown> {
  return store.list("a/", options)[Symbol.asyncIterator]().next();
}

function expectReason(result: Settled, reason: unknown, operation: string): void {
  expect(result.rejected, `${operation} settled as ${seen(result)}`, ignored);
  expect(
    result.reason === reason,
    `${operation} rejected with ${String(result.reason)}, which is not the signal's own reason ${String(reason)}`,
    wrapped,
  );
}

/** A get that succeeded although it was aborted must have the whole body. */
function expectWhole(result: Settled, body: Uint8Array): void {
  if (result.rejected) return;
  const fault = difference(result.value instanceof Uint8Array ? result.value : undefined, body);
  expect(fault === undefined, `an aborted get gave ${fault}`, "half a body given for all of it");
}

async function expectWorks(store: ObjectStore): Promise<void> {
  const working = settled(async () => {
    await createAll(store, ["works/on"]);
    await expectBody(store, "works/on", utf8("works/on"), broken);
    await listAll(store, "works/");
    await store.delete(["works/on"]);
  });
  const result = await within(60_000, working, "the next create, get, list and delete", broken);
  if (result.rejected) throw result.reason;
}

/** Starts the operation and aborts it so many turns later. A rejection must be with the reason itself, and soon. */
async function aborted(
  operation: string,
  turns: number,
  call: (signal: AbortSignal) => Promise<unknown>,
): Promise<Settled> {
  const controller = new AbortController();
  const reason = { turns };
  const running = settled(() => call(controller.signal));
  for (let passed = 0; passed < Math.floor(turns); passed += 1) await turn();
  controller.abort(reason);
  const result = await soon(running, `${operation}, aborted while it ran,`);
  if (result.rejected) expectReason(result, reason, `${operation}, aborted while it ran,`);
  return result;
}

function soon(running: Promise<Settled>, what: string): Promise<Settled> {
  return within(
    soonMs,
    running,
    what,
    `${ignored}, or a promise that nobody settles once the request is ended`,
  );
}

async function within(
  milliseconds: number,
  running: Promise<Settled>,
  what: string,
  usualCause: string,
): Promise<Settled> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, milliseconds, undefined);
  });
  const result = await Promise.race([running, late]);
  clearTimeout(timer);
  expect(result !== undefined, `${what} had not settled after ${milliseconds / 1_000} s`, usualCause);
  return result;
}

/** How many turns of the event loop the call takes. */
async function turnsOf(call: () => Promise<unknown>): Promise<number> {
  const state = { isSettled: false };
  const running = call().finally(() => {
    state.isSettled = true;
  });
  let turns = 0;
  for (; !state.isSettled; turns += 1) await turn();
  await running;
  return turns;
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
  await settled(() => store.get("a//b", { signal }));
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
