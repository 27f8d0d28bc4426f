import { aborted, broken, expectWhole, expectWorks, firstPage, ignored } from "../abort-expectations.ts";
import { expect, long } from "../store-case.ts";
import type { StoreCase } from "../store-case.ts";
import { createAll, difference, expectBody, pattern, nextIteration } from "../operations.ts";

const attempts = 3;

/** Aborts that come after the call. What they show depends on how long the store takes. */
export const abortUnderWayCases: readonly StoreCase[] = [
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
      for (const iterations of [0, 1, 2, 5, 10]) {
        const key = `b/${iterations}`;
        const created = await aborted("create", iterations, (signal) => store.create(key, body, { signal }));
        await expectWorks(store);
        if (!created.rejected) await expectBody(store, key, body, "a success without the object");
        expectWhole(await aborted("get", iterations, (signal) => store.get("a/there", { signal })), body);
        await aborted("list", iterations, (signal) => firstPage(store, { signal }));
        await aborted("delete", iterations, (signal) => store.delete([key], { signal }));
        await expectWorks(store);
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
      const operations = {
        create: (attempt: number, signal?: AbortSignal) => store.create(`new/${attempt}`, body, { signal }),
        get: (_: number, signal?: AbortSignal) => store.get("a/there", { signal }),
        list: (_: number, signal?: AbortSignal) => firstPage(store, { signal }),
        delete: (attempt: number, signal?: AbortSignal) => store.delete([`doomed/${attempt}`], { signal }),
      };
      await createAll(store, ["a/there"], () => body);
      await createAll(
        store,
        Array.from({ length: attempts + 1 }, (_, attempt) => `doomed/${attempt}`),
      );
      for (const [operation, call] of Object.entries(operations)) {
        const iterations: number[] = [];
        for (let attempt = 0; attempt < attempts; attempt += 1)
          iterations.push(await iterationsOf(() => call(attempt)));
        const result = await aborted(operation, 0, (signal) => call(attempts, signal));
        // What is over within an iteration or two may be done before the signal can say anything.
        expect(
          result.rejected || Math.min(...iterations) < 3,
          `${operation} takes ${Math.min(...iterations)} iterations of the event loop or more, was aborted in the first, and did not reject`,
          `${ignored}, or looked at only before the request`,
        );
        await expectWorks(store);
      }
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
      const createIterations = await iterationsOf(() => store.create("a/there", body));
      const getIterations = await iterationsOf(() => store.get("a/there"));
      for (const part of [0.2, 0.4, 0.6, 0.8]) {
        const key = `b/${part}`;
        await aborted("create", createIterations * part, (signal) => store.create(key, body, { signal }));
        await expectWorks(store);
        const left = await store.get(key);
        const fault = left === undefined ? undefined : difference(left, body);
        expect(
          fault === undefined,
          `get gave ${fault} after an aborted create`,
          "what was sent by then kept as the object",
        );
        expectWhole(
          await aborted("get", getIterations * part, (signal) => store.get("a/there", { signal })),
          body,
        );
      }
      await expectWorks(store);
      await expectBody(store, "a/there", body, broken);
    },
  },
];

/** How many iterations of the event loop the call takes. */
async function iterationsOf(call: () => Promise<unknown>): Promise<number> {
  const state = { isOver: false };
  const running = call().finally(() => {
    state.isOver = true;
  });
  let iterations = 0;
  for (; !state.isOver; iterations += 1) await nextIteration();
  await running;
  return iterations;
}
