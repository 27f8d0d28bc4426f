import { describe, expect, test } from "vitest";
import { nextIteration } from "../src/conformance/store-suite/operations.ts";
import { StoreError } from "../src/index.ts";
import { durations, over } from "./support/clocked-backend.ts";
import { always, FailingStore, SilentStore } from "./support/failing-stores.ts";
import { rejectionOf } from "./support/rejection.ts";

const mebibyte = 1024 * 1024;

const justBelowOne = 1 - Number.EPSILON;

describe("an attempt without a response", () => {
  test.each([
    { store: "ignores its signal", onAbort: undefined },
    { store: "rejects with its signal's reason", onAbort: () => new StoreError("Unavailable", "aborted") },
    { store: "rejects with an error of its own", onAbort: () => new DOMException("aborted", "AbortError") },
    { store: "rejects with a code that is not retried", onAbort: () => new StoreError("Failed", "aborted") },
  ])("ends after 15 s and is tried again, by a store that $store", async ({ onAbort }) => {
    const store = new SilentStore(onAbort);
    const { client, clock, requests } = over(store);

    const reason = await clock.run(rejectionOf(client.get("key", client.operation(undefined))));

    expect(reason).toMatchObject({ code: "Unavailable", retryable: true });
    expect(durations(requests)).toEqual([15_000, 15_000, 15_000]);
    expect(clock.now()).toBe(45_000);
  });

  test.each([
    { bytes: mebibyte, attempts: [16_000, 16_000, 13_000] },
    { bytes: 8 * mebibyte, attempts: [23_000, 22_000] },
    { bytes: 10 * mebibyte, attempts: [25_000, 22_000] },
    { bytes: 1024 * mebibyte, attempts: [1_039_000, 22_000] },
  ])(
    "has 1 s more for each MiB, and the call for each beyond 8: $bytes bytes",
    async ({ bytes, attempts }) => {
      const { client, clock, requests } = over(new SilentStore());

      await clock.run(rejectionOf(client.get("key", client.operation(undefined, bytes))));

      expect(durations(requests)).toEqual(attempts);
    },
  );

  test("has no more than a timer can be set for, also with what is added for its size", async () => {
    const longest = 2 ** 31 - 1;
    const options = { attemptTimeoutMs: longest, deadlineMs: longest };
    const { client, clock, requests } = over(new SilentStore(), options);

    await clock.run(rejectionOf(client.get("key", client.operation(undefined, 64 * mebibyte))));

    expect(durations(requests)).toEqual([longest]);
  });

  test("is bounded by attemptTimeoutMs and deadlineMs where they are given", async () => {
    const { client, clock, requests } = over(new SilentStore(), { attemptTimeoutMs: 400, deadlineMs: 1000 });

    await clock.run(rejectionOf(client.get("key", client.operation(undefined))));

    expect(durations(requests)).toEqual([400, 400, 200]);
  });

  test("says how long was waited", async () => {
    const { client, clock } = over(new SilentStore());

    const reason = await clock.run(rejectionOf(client.get("key", client.operation(undefined))));

    expect(reason).toHaveProperty("message", expect.stringMatching(/15000 ms/));
  });

  test("leaves no timer behind when the response comes after all", async () => {
    const { client, clock } = over(new FailingStore(() => undefined));

    await client.get("key", client.operation(undefined));
    await nextIteration();

    expect(clock.sleepers).toBe(0);
  });
});

describe("the deadline of a call", () => {
  test("ends it when the next wait would pass it, without waiting first", async () => {
    const { client, clock } = over(always("Unavailable"), { attempts: 1000, random: () => justBelowOne });

    await clock.run(rejectionOf(client.get("key", client.operation(undefined))));

    expect(clock.slept.map(Math.round)).toEqual([
      100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000, 10_000,
    ]);
    expect(Math.round(clock.now())).toBe(42_700);
  });

  test("is one for all requests of the operation", async () => {
    const { client, clock, requests } = over(new SilentStore(), { attempts: 2 });
    const operation = client.operation(undefined);

    await clock.run(rejectionOf(client.get("key", operation)));
    await clock.run(rejectionOf(client.get("key", operation)));

    expect(durations(requests)).toEqual([15_000, 15_000, 15_000]);
  });
});
