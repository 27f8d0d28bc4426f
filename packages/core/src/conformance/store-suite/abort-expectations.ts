import type { ObjectStore } from "../../store.ts";
import { expect } from "./store-case.ts";
import {
  createAll,
  difference,
  expectBody,
  listAll,
  showOutcome,
  outcomeOf,
  nextIteration,
  utf8,
} from "./operations.ts";
import type { Outcome } from "./operations.ts";

/** An operation that was aborted has nothing to wait for. Generous, for machines that are busy. */
const soonMs = 5_000;
/** For operations that were not aborted, but come after or beside one that was. */
const patienceMs = 15_000;
export const ignored = "the signal is not passed on";
const wrapped = "the client's abort error, or a wrapper, instead of `signal.reason`";
export const broken = "a connection, a lock or a queue that an aborted operation leaves behind";

export function firstPage(
  store: ObjectStore,
  options: { readonly signal?: AbortSignal | undefined; readonly delimiter?: "/" },
): Promise<unknown> {
  return store.list("a/", options)[Symbol.asyncIterator]().next();
}

export function expectReason(result: Outcome, reason: unknown, operation: string): void {
  expect(result.rejected, `${operation} ended with ${showOutcome(result)}`, ignored);
  expect(
    result.reason === reason,
    `${operation} rejected with ${String(result.reason)}, which is not the signal's own reason ${String(reason)}`,
    wrapped,
  );
}

/** A get that succeeded although it was aborted must have the whole body. */
export function expectWhole(result: Outcome, body: Uint8Array): void {
  if (result.rejected) return;
  const fault = difference(result.value instanceof Uint8Array ? result.value : undefined, body);
  expect(fault === undefined, `an aborted get gave ${fault}`, "half a body given for all of it");
}

/** Checked after each abort: if an abort blocks the store, then the next operation would wait for ever. */
export async function expectWorks(store: ObjectStore): Promise<void> {
  // A new key each time: `create.after-delete` checks whether a deleted key can be created again.
  const key = `works/${crypto.randomUUID()}`;
  const working = outcomeOf(async () => {
    await createAll(store, [key]);
    await expectBody(store, key, utf8(key), broken);
    await listAll(store, "works/");
    await store.delete([key]);
  });
  const result = await within(patienceMs, working, "the next create, get, list and delete", broken);
  if (result.rejected) throw result.reason;
}

/** An operation that was not aborted ends, although another one was aborted. */
export function undisturbed(running: Promise<Outcome>, what: string): Promise<Outcome> {
  return within(patienceMs, running, what, broken);
}

/** Starts the operation and aborts it so many iterations of the event loop later. It rejects with the reason itself, and soon. */
export async function aborted(
  operation: string,
  iterations: number,
  call: (signal: AbortSignal) => Promise<unknown>,
): Promise<Outcome> {
  const controller = new AbortController();
  const reason = { iterations };
  const running = outcomeOf(() => call(controller.signal));
  for (let passed = 0; passed < Math.floor(iterations); passed += 1) await nextIteration();
  controller.abort(reason);
  const result = await soon(running, `${operation}, aborted while it ran,`);
  if (result.rejected) expectReason(result, reason, `${operation}, aborted while it ran,`);
  return result;
}

export function soon(running: Promise<Outcome>, what: string): Promise<Outcome> {
  return within(
    soonMs,
    running,
    what,
    `${ignored}, or a promise that stays pending once the request is ended`,
  );
}

async function within(
  milliseconds: number,
  running: Promise<Outcome>,
  what: string,
  usualCause: string,
): Promise<Outcome> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, milliseconds, undefined);
  });
  const result = await Promise.race([running, late]);
  clearTimeout(timer);
  expect(result !== undefined, `${what} had not ended after ${milliseconds / 1_000} s`, usualCause);
  return result;
}
