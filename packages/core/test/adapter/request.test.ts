import { getEventListeners } from "node:events";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { IdleTimeout, meaningOfSilence, poolOf, runRequest } from "../../src/adapter/index.ts";
import { StoreError } from "../../src/errors.ts";
import { rejectionOf } from "../support/rejection.ts";

function never(): Promise<never> {
  return new Promise<never>(() => undefined);
}

describe("a request", () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  test("settles as its work does, and leaves nothing on the caller's signal, nor a timer", async () => {
    const { signal } = new AbortController();
    const options = { signal, idleTimeoutMs: 10 };
    await expect(runRequest(async () => 1, options)).resolves.toBe(1);
    await expect(runRequest(() => Promise.reject(new Error("no")), options)).rejects.toThrow("no");
    expect(getEventListeners(signal, "abort")).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("that has not begun when the caller aborts does nothing", async () => {
    const work = vi.fn(never);
    const reason = { any: "thing" };
    const signal = AbortSignal.abort(reason);
    await expect(rejectionOf(runRequest(work, { signal }))).resolves.toBe(reason);
    expect(work).not.toHaveBeenCalled();
  });

  test("ends with the caller's own reason, and its own signal aborts", async () => {
    const controller = new AbortController();
    let own: AbortSignal | undefined;
    const running = runRequest(
      (request) => {
        own = request.signal;
        return never();
      },
      { signal: controller.signal },
    );
    controller.abort("enough");
    expect(await rejectionOf(running)).toBe("enough");
    expect(own?.aborted).toBe(true);
    expect(own).not.toBe(controller.signal);
  });

  test("is the caller's abort whatever else failed meanwhile", async () => {
    const controller = new AbortController();
    const running = runRequest(() => Promise.reject(new Error("reset")), { signal: controller.signal });
    controller.abort("enough");
    expect(await rejectionOf(running)).toBe("enough");
  });

  test("is given up when no byte passes, and lives for as long as some do, in either direction", async () => {
    let request: Parameters<Parameters<typeof runRequest>[0]>[0] | undefined;
    const running = rejectionOf(
      runRequest(
        (given) => {
          request = given;
          return never();
        },
        { idleTimeoutMs: 100 },
      ),
    );
    for (let time = 0; time < 20; time += 1) {
      await vi.advanceTimersByTimeAsync(99);
      if (time % 2 === 0) request?.sent(0);
      else request?.received();
    }
    await vi.advanceTimersByTimeAsync(99);
    expect(request?.signal.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await expect(running).resolves.toBeInstanceOf(IdleTimeout);
    expect(request?.signal.aborted).toBe(true);
    expect(meaningOfSilence(await running)).toEqual({ code: "Unavailable" });
  });

  test("has longer for what it has handed over, which the system may still hold: a second for 128 KiB, up to 64", async () => {
    for (const [bytes, extraMs] of [
      [128 * 1024, 1_000],
      [2 ** 30, 64_000],
    ] as const) {
      const running = vi.fn();
      void rejectionOf(
        runRequest(
          (request) => {
            request.sent(bytes);
            return never();
          },
          { idleTimeoutMs: 100 },
        ),
      ).then(running);
      await vi.advanceTimersByTimeAsync(extraMs + 99);
      expect(running).not.toHaveBeenCalled();
      await vi.advanceTimersByTimeAsync(1);
      expect(running).toHaveBeenCalled();
    }
  });

  test.each([
    ["its time is over", undefined, 1],
    ["the backend's time for it is over", new StoreError("Unavailable", "no response within 10 ms"), 1],
    ["the caller has had enough", new Error("enough"), 0],
  ])("that got no byte is called silent if %s: %o", async (_, reason, times) => {
    const onSilent = vi.fn();
    const controller = new AbortController();
    const options = { signal: controller.signal, idleTimeoutMs: 100, onSilent };
    const running = rejectionOf(runRequest(never, options));
    if (reason === undefined) await vi.advanceTimersByTimeAsync(100);
    else controller.abort(reason);
    await running;
    expect(onSilent).toHaveBeenCalledTimes(times);
    const heard = rejectionOf(
      runRequest(
        (request) => {
          request.received();
          return never();
        },
        { idleTimeoutMs: 100, onSilent },
      ),
    );
    await vi.advanceTimersByTimeAsync(100);
    await heard;
    expect(onSilent).toHaveBeenCalledTimes(times);
  });

  test("that waits for its turn is not idle, nor silent, and never starts if it was given up", async () => {
    const pool = poolOf(1);
    const first = Promise.withResolvers<void>();
    void pool(() => first.promise);
    const onSilent = vi.fn();
    const work = vi.fn(never);
    const controller = new AbortController();
    const options = { idleTimeoutMs: 100, onSilent, pool };
    const aborted = rejectionOf(runRequest(work, { ...options, signal: controller.signal }));
    const waiting = rejectionOf(runRequest(work, options));
    await vi.advanceTimersByTimeAsync(10_000);
    controller.abort(new StoreError("Unavailable", "no response within 10 s"));
    expect(await aborted).toBe(controller.signal.reason);
    expect([work.mock.calls, onSilent.mock.calls]).toEqual([[], []]);
    first.resolve();
    await vi.advanceTimersByTimeAsync(99);
    expect(work).toHaveBeenCalledOnce();
    await vi.advanceTimersByTimeAsync(1);
    await expect(waiting).resolves.toBeInstanceOf(IdleTimeout);
    expect(onSilent).toHaveBeenCalledOnce();
  });

  test("is given up in time where timers are numbers, as in a browser", async () => {
    const { setTimeout: start } = globalThis;
    vi.stubGlobal("setTimeout", (...args: Parameters<typeof setTimeout>) => Number(start(...args)));
    const running = rejectionOf(
      runRequest(
        (request) => {
          request.received();
          return never();
        },
        { idleTimeoutMs: 100 },
      ),
    );
    await vi.advanceTimersByTimeAsync(100);
    await expect(running).resolves.toBeInstanceOf(IdleTimeout);
    vi.unstubAllGlobals();
  });
});
