import { isStoreError } from "../../../errors.ts";
import type { ObjectStore } from "../../../store.ts";
import { expect, short } from "../store-case.ts";
import type { StoreCase } from "../store-case.ts";
import {
  createAll,
  deleteAll,
  expectAbsent,
  expectBody,
  expectKeys,
  showOutcome,
  outcomeOf,
  utf8,
} from "../operations.ts";

export const errorCases: readonly StoreCase[] = [
  {
    id: "errors.store-error",
    title:
      "each operation rejects with a StoreError that has a message, names the key, and is not retryable for a bad key",
    family: "errors",
    must: "E1",
    timeoutMs: short,
    async run({ store }) {
      for (const [operation, call] of failing(store)) {
        const result = await outcomeOf(call);
        const error = result.rejected ? result.reason : undefined;
        expect(
          isStoreError(error) && error instanceof Error,
          `${operation} of a bad key ended with ${showOutcome(result)}, which isStoreError does not know`,
          "an error class of the adapter's own, or the client's error let through",
        );
        expect(
          error.code === "InvalidKey" && !error.retryable,
          `the error of ${operation} has the code ${error.code} and retryable ${error.retryable}`,
          "a StoreError put together by hand, or wrapped in another",
        );
        expect(
          error.message.includes("a//b"),
          `the error of ${operation} has the message "${error.message}", which does not name the key`,
          "a StoreError put together by hand",
        );
      }
    },
  },
  {
    id: "errors.rejected",
    title: "a call never throws: it returns a promise that rejects, or a listing whose next() does",
    family: "errors",
    must: "E4",
    timeoutMs: short,
    async run({ store }) {
      for (const [operation, call] of failing(store)) {
        const thrown = await thrownBy(call);
        expect(
          thrown === undefined,
          `${operation} of a bad key threw ${String(thrown)} before there was a promise`,
          "a check outside of the async function: whoever only catches rejections is not asked",
        );
      }
    },
  },
  {
    id: "errors.works-on",
    title: "after an operation that failed the store works, and the next failure is its own",
    family: "errors",
    must: "E4",
    timeoutMs: short,
    async run({ store }) {
      const cause = "a failure that is remembered: a rejected promise kept for the next call";
      for (const [operation, call] of failing(store)) {
        await outcomeOf(call);
        const key = `after/${operation}`;
        await createAll(store, [key]);
        await expectBody(store, key, utf8(key), cause);
        await expectKeys(store, "after/", [key], cause);
        await deleteAll(store, [key]);
        await expectAbsent(store, key, cause);
      }
      const result = await outcomeOf(() => store.get("b//c"));
      expect(
        result.rejected && String(result.reason).includes("b//c"),
        `get("b//c") after other failures ended with ${showOutcome(result)}`,
        cause,
      );
    },
  },
];

/** What a store that works fails at. */
function failing(
  store: ObjectStore,
): readonly (readonly [operation: string, call: () => Promise<unknown>])[] {
  return [
    ["create", () => store.create("a//b", utf8("body"))],
    ["get", () => store.get("a//b")],
    ["list", () => store.list("a//b/")[Symbol.asyncIterator]().next()],
    ["delete", () => store.delete(["a//b"])],
  ];
}

async function thrownBy(call: () => Promise<unknown>): Promise<unknown> {
  let running: Promise<unknown>;
  try {
    running = call();
  } catch (error) {
    return error;
  }
  await outcomeOf(() => running);
  return undefined;
}
