import { expect } from "vitest";

/** What the promise rejects with; fails the test if it does not reject. */
export async function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => expect.fail(`nothing was refused, the result was ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  );
}
