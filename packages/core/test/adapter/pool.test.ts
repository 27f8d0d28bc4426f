import { describe, expect, test, vi } from "vitest";
import { deleteEach, failuresOf, poolOf } from "../../src/adapter/index.ts";
import { StoreError } from "../../src/errors.ts";
import { rejectionOf } from "../support/rejection.ts";

describe("a pool", () => {
  test("runs so many at a time, in the order in which they came, also after a failure", async () => {
    const pool = poolOf(2);
    const begun: number[] = [];
    const gates = [1, 2, 3, 4].map(() => Promise.withResolvers<void>());
    const running = gates.map((gate, index) =>
      pool(() => {
        begun.push(index);
        return gate.promise;
      }),
    );
    const settled = Promise.allSettled(running);
    await vi.waitFor(() => expect(begun).toEqual([0, 1]));
    gates[1]?.reject(new Error("no"));
    await vi.waitFor(() => expect(begun).toEqual([0, 1, 2]));
    for (const gate of gates) gate.resolve();
    expect((await settled).map(({ status }) => status)).toEqual([
      "fulfilled",
      "rejected",
      "fulfilled",
      "fulfilled",
    ]);
  });

  test("may learn its limit later", async () => {
    let limit = 1;
    const pool = poolOf(() => limit);
    const gate = Promise.withResolvers<void>();
    const begun = vi.fn(() => gate.promise);
    const first = pool(begun);
    const second = pool(begun);
    await Promise.resolve();
    expect(begun).toHaveBeenCalledTimes(1);
    limit = 3;
    const third = pool(begun);
    await vi.waitFor(() => expect(begun).toHaveBeenCalledTimes(3));
    gate.resolve();
    await Promise.all([first, second, third]);
  });
});

describe("deletes one by one", () => {
  test("report each failure for its key, and touch a key that is named twice once", async () => {
    const removed: string[] = [];
    const failures = await deleteEach(["a", "b", "a"], 2, undefined, async (key) => {
      removed.push(key);
      if (key === "b") throw new StoreError("Denied", "no");
    });
    expect(removed).toEqual(["a", "b"]);
    expect(failures).toMatchObject([{ key: "b", error: { code: "Denied" } }]);
  });

  test("reject with the signal's reason, also if that is a StoreError, and with what is none", async () => {
    const controller = new AbortController();
    const reason = new StoreError("Unavailable", "no response within 10 ms");
    const aborted = deleteEach(["a", "b"], 1, controller.signal, async () => {
      controller.abort(reason);
      throw reason;
    });
    expect(await rejectionOf(aborted)).toBe(reason);
    const broken = deleteEach(["a"], 1, undefined, () => Promise.reject(new TypeError("a bug")));
    await expect(broken).rejects.toThrow(TypeError);
  });

  test("that failed as a whole have failed for each of their keys", () => {
    const error = new StoreError("Throttled", "slow down", { key: "a", store: "s", retryAfterMs: 7 });
    expect(failuresOf(["a", "b"], error)).toMatchObject([
      { key: "a", error: { code: "Throttled", key: "a", retryAfterMs: 7 } },
      { key: "b", error: { code: "Throttled", key: "b", store: "s", retryAfterMs: 7 } },
    ]);
  });
});
