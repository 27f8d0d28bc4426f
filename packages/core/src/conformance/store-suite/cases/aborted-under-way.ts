import { aborted, broken, expectWhole, expectWorks, firstPage, ignored } from "../abort-expectations.ts";
import { expect, long } from "../store-case.ts";
import type { StoreCase } from "../store-case.ts";
import { createAll, difference, expectBody, pattern, turn } from "../operations.ts";

const attempts = 3;

/** Aborts that come after the call: what they show depends on how long the store takes. */
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
      for (const turns of [0, 1, 2, 5, 10]) {
        const key = `b/${turns}`;
        const created = await aborted("create", turns, (signal) => store.create(key, body, { signal }));
        await expectWorks(store);
        if (!created.rejected) await expectBody(store, key, body, "a success without the object");
        expectWhole(await aborted("get", turns, (signal) => store.get("a/there", { signal })), body);
        await aborted("list", turns, (signal) => firstPage(store, { signal }));
        await aborted("delete", turns, (signal) => store.delete([key], { signal }));
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
      const createTurns = await turnsOf(() => store.create("a/there", body));
      const getTurns = await turnsOf(() => store.get("a/there"));
      for (const part of [0.2, 0.4, 0.6, 0.8]) {
        const key = `b/${part}`;
        await aborted("create", createTurns * part, (signal) => store.create(key, body, { signal }));
        await expectWorks(store);
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
];

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
