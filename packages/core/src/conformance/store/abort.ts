import type { ObjectStore } from "../../store.ts";
import { expect, long, short } from "./case.ts";
import type { StoreCase } from "./case.ts";
import {
  createAll,
  difference,
  expectAbsent,
  expectBody,
  listAll,
  pattern,
  settled,
  show,
  utf8,
} from "./operations.ts";
import type { Settled } from "./operations.ts";

const ignored = "the signal is not passed on";
const wrapped = "the client's abort error, or a wrapper, instead of `signal.reason`";

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
        for (const [operation, result] of [
          ["create", await settled(store.create("a/new", utf8("new"), { signal }))],
          ["get", await settled(store.get("a/there", { signal }))],
          ["list", await settled(store.list("a/", { signal })[Symbol.asyncIterator]().next())],
          ["delete", await settled(store.delete(["a/there"], { signal }))],
        ] as const) {
          expectReason(result, reason, operation);
        }
      }
      await expectAbsent(store, "a/new", "the signal is looked at after the request");
      await expectBody(store, "a/there", utf8("a/there"), "the signal is looked at after the request");
    },
  },
  {
    id: "abort.during",
    title:
      "an operation that is aborted while it runs either succeeds or rejects with the reason, and the store works on",
    family: "abort",
    must: "A2",
    timeoutMs: long,
    async run({ store }) {
      const body = pattern(4 * 2 ** 20);
      await createAll(store, ["a/there"], () => body);
      for (const turns of [0, 1, 2, 5, 10]) {
        const created = await aborted(turns, (signal) => store.create(`b/${turns}`, body, { signal }));
        if (!created.rejected) await expectBody(store, `b/${turns}`, body, "a success without the object");
        const got = await aborted(turns, (signal) => store.get("a/there", { signal }));
        if (!got.rejected) {
          const fault = difference(got.value instanceof Uint8Array ? got.value : undefined, body);
          expect(fault === undefined, `an aborted get gave ${fault}`, "half a body given for all of it");
        }
        await aborted(turns, (signal) => store.list("a/", { signal })[Symbol.asyncIterator]().next());
        await aborted(turns, (signal) => store.delete([`b/${turns}`], { signal }));
        const seen = await store.get(`b/${turns}`);
        const fault = seen === undefined ? undefined : difference(seen, body);
        expect(
          fault === undefined,
          `get gave ${fault} after the aborts`,
          "half a body left by an aborted create",
        );
      }
      await expectBody(store, "a/there", body, "the store does not work after an abort");
    },
  },
  {
    id: "abort.between-pages",
    title: "a listing that is aborted between two pages gives no further page",
    family: "abort",
    must: "A2",
    timeoutMs: long,
    async run({ store }) {
      await createAll(
        store,
        Array.from({ length: 1_200 }, (_, number) => `a/${number}`),
      );
      const controller = new AbortController();
      const reason = { stop: true };
      const pages = store.list("a/", { signal: controller.signal })[Symbol.asyncIterator]();
      await pages.next();
      controller.abort(reason);
      const result = await settled(pages.next());
      // A store whose first page held everything may know that it is done.
      const isDone = !result.rejected && Reflect.get(Object(result.value), "done") === true;
      if (!isDone) expectReason(result, reason, "next()");
    },
  },
  {
    id: "abort.neighbours",
    title: "an abort ends its own operation and no other",
    family: "abort",
    must: "A2",
    timeoutMs: short,
    async run({ store }) {
      const numbers = Array.from({ length: 20 }, (_, number) => number);
      const body = pattern(200_000);
      const results = await Promise.all(
        numbers.map((number) =>
          number % 2 === 0
            ? settled(store.create(`a/${number}`, body))
            : aborted(number % 3, (signal) => store.create(`a/${number}`, body, { signal })),
        ),
      );
      for (const number of numbers.filter((each) => each % 2 === 0)) {
        const result = results[number];
        expect(
          result?.rejected === false && result.value === "created",
          `a create without a signal settled as ${show(result)} while others were aborted`,
          "one connection or one controller for several operations, ended by the first abort",
        );
        await expectBody(store, `a/${number}`, body, "a write ended by another's abort");
      }
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
      await new Promise(setImmediate);
      expect(
        count() === 0,
        `${count()} listeners are left on the signal`,
        "addEventListener without removeEventListener: a signal that lives long gathers them",
      );
    },
  },
];

function expectReason(result: Settled, reason: unknown, operation: string): void {
  expect(result.rejected, `${operation} answered ${show(Reflect.get(result, "value"))}`, ignored);
  expect(
    result.reason === reason,
    `${operation} rejected with ${String(result.reason)}, which is not the signal's own reason ${String(reason)}`,
    wrapped,
  );
}

/** Starts the operation and aborts it so many turns later. A rejection must be with the reason itself. */
async function aborted(
  turns: number,
  operation: (signal: AbortSignal) => Promise<unknown>,
): Promise<Settled> {
  const controller = new AbortController();
  const reason = { turns };
  const running = settled(operation(controller.signal));
  for (let turn = 0; turn < turns; turn += 1) await new Promise(setImmediate);
  controller.abort(reason);
  const result = await running;
  if (result.rejected) expectReason(result, reason, "an aborted operation");
  return result;
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
  await settled(store.get("a//b", { signal }));
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
