import { getEventListeners } from "node:events";
import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  bodyLimit,
  checkBody,
  codeOf,
  deleteEach,
  failuresOf,
  IdleTimeout,
  inSlices,
  meaningOfSilence,
  pageReader,
  parseStoreUrl,
  poolOf,
  prefixOf,
  readBody,
  redactorOf,
  retryAfterMs,
  runRequest,
  type ServicePage,
  sentSlices,
  type StoreCall,
  storeError,
} from "../../src/adapter/index.ts";
import { StoreError } from "../../src/errors.ts";
import { rejectionOf } from "../support/rejection.ts";

function never(): Promise<never> {
  return new Promise<never>(() => undefined);
}

async function* parts(...lengths: readonly number[]): AsyncGenerator<Uint8Array> {
  for (const length of lengths) yield new Uint8Array(length).fill(length);
}

function page(objects: readonly string[], more: Partial<ServicePage> = {}): ServicePage {
  const listed = objects.map((name) => ({ name, size: 1 }));
  return { objects: listed, prefixes: [], next: undefined, ...more };
}

function reader(delimiter?: "/"): ReturnType<typeof pageReader> {
  return pageReader({
    root: "job/",
    prefix: "e/",
    delimiter,
    call: { ...call, operation: "list", key: "e/" },
  });
}

const call: StoreCall = { store: "store:here", operation: "get", key: "a/1" };

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
});

describe("a body", () => {
  const request = { received: (): void => undefined };

  test("is read whole, each part seen in order, into bytes of its own", async () => {
    const seen: number[] = [];
    const onPart = (part: Uint8Array): unknown => seen.push(part.byteLength);
    const body = await readBody(parts(2, 1), { length: 3, onPart }, call, request);
    expect(body).toEqual(new Uint8Array([2, 2, 1]));
    expect(body.buffer.byteLength).toBe(3);
    expect(seen).toEqual([2, 1]);
    await expect(readBody(parts(2, 1), { length: undefined }, call, request)).resolves.toEqual(body);
  });

  test.each([
    ["shorter than announced", [2, 1], 4, "Corrupt", "3 bytes arrived of the 4 that were announced"],
    ["longer than announced", [2, 1], 2, "Corrupt", "more bytes arrived than the 2 that were announced"],
    ["announced as 2^31 bytes", [1], 2 ** 31, "Failed", "the object is 2147483648 bytes long, 2^31 or more"],
  ])("that is %s is refused", async (_, lengths, length, code, why) => {
    const error = await rejectionOf(readBody(parts(...lengths), { length }, call, request));
    expect(error).toMatchObject({ code, message: `get of "a/1" in store:here failed: ${why}` });
  });

  test("without an announced length is read no further than a body may be, and its stream is ended", async () => {
    const part = new Uint8Array(2 ** 26);
    let given = 0;
    let isEnded = false;
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) {
          given += part.byteLength;
          yield part;
        }
      } finally {
        isEnded = true;
      }
    }
    const reading = readBody(endless(), { length: undefined }, call, request);
    await expect(rejectionOf(reading)).resolves.toMatchObject({ code: "Failed" });
    expect(given).toBe(bodyLimit);
    expect(isEnded).toBe(true);
  });

  test("of 2^31 bytes is not sent", () => {
    const large = { byteLength: bodyLimit } as Uint8Array;
    expect(() => checkBody("a", large)).toThrow(RangeError);
    expect(() => checkBody("a", { byteLength: bodyLimit - 1 } as Uint8Array)).not.toThrow();
  });

  test("is visited in slices, between which other work runs, and ends with its signal", async () => {
    const bytes = new Uint8Array(64 * 2 ** 20).map((_, index) => index >> 20);
    let turns = 0;
    const ticking = setInterval(() => (turns += 1), 0);
    const seen: Uint8Array[] = [];
    await inSlices(bytes, (slice) => seen.push(slice));
    clearInterval(ticking);
    expect(Buffer.compare(Buffer.concat(seen), bytes)).toBe(0);
    expect(turns).toBeGreaterThan(2);
    const controller = new AbortController();
    const stopped = inSlices(bytes, () => controller.abort("enough"), controller.signal);
    expect(await rejectionOf(stopped)).toBe("enough");
  });

  test("is sent in slices that are views, and each says how much has been handed over", () => {
    const sent: number[] = [];
    const part = new Uint8Array(200_000).fill(1);
    const slices = [...sentSlices([new Uint8Array([7]), part], { sent: (bytes) => sent.push(bytes) })];
    expect(Buffer.concat(slices)).toEqual(Buffer.concat([new Uint8Array([7]), part]));
    expect(slices.slice(1).every(({ buffer }) => buffer === part.buffer)).toBe(true);
    expect(sent).toEqual([1, 131_073, 200_001]);
  });
});

describe("a failure without a response", () => {
  test.each([
    ["ECONNRESET", "Unavailable"],
    ["ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC", "Unavailable"],
    ["EBUSY", "Unavailable"],
    ["a code that nobody has heard of", "Unavailable"],
    ["EMFILE", "Throttled"],
    ["CERT_HAS_EXPIRED", "Misconfigured"],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "Misconfigured"],
    ["ERR_INVALID_URL", "Misconfigured"],
  ])("%s is %s, wherever the code stands", (code, meaning) => {
    const system = Object.assign(new Error("system"), { code });
    const wrapped = new TypeError("fetch failed", { cause: new Error("between", { cause: system }) });
    const several = new AggregateError([new Error("one"), system]);
    for (const error of [system, wrapped, several])
      expect(meaningOfSilence(error)).toHaveProperty("code", meaning);
    expect(codeOf(wrapped)).toBe(code);
  });

  test("without any code, or in a circle, may pass", () => {
    const circle = new Error("circle");
    circle.cause = circle;
    for (const error of [circle, new Error("plain"), "text", undefined])
      expect(meaningOfSilence(error)).toEqual({ code: "Unavailable" });
  });

  test.each([
    ["7", undefined, 7_000],
    ["Wed, 21 Oct 2015 07:28:30 GMT", "Wed, 21 Oct 2015 07:28:00 GMT", 30_000],
    ["Wed, 21 Oct 2015 07:28:30 GMT", undefined, 0],
    ["Wed, 21 Oct 2015 07:00:00 GMT", "Wed, 21 Oct 2015 07:28:00 GMT", 0],
    ["soon", undefined, undefined],
    [undefined, undefined, undefined],
    [null, null, undefined],
  ])("Retry-After %j, at %j by the service's clock, is %j ms", (value, date, ms) => {
    expect(retryAfterMs(value, date)).toBe(ms);
  });
});

describe("a listing", () => {
  test("takes the store's prefix off, and leaves out what is no key", () => {
    const read = reader("/");
    const names = ["job/e/a", "job/e/b c", "job/e/.staging-1", "job/e/z"];
    expect(read(page(names, { prefixes: ["job/e/f/", "job/e/ /"] }))).toEqual({
      objects: [
        { key: "e/a", size: 1 },
        { key: "e/z", size: 1 },
      ],
      prefixes: ["e/f/"],
    });
  });

  test.each([
    ["another prefix", ["job/f/a"], {}, "Failed", "not under the prefix"],
    ["a page again", ["job/e/a", "job/e/a"], {}, "Unavailable", '"e/a" was listed after "e/a"'],
    ["another order", ["job/e/b", "job/e/a"], {}, "Unavailable", '"e/a" was listed after "e/b"'],
    ["folders", [], { prefixes: ["job/e/f/"] }, "Failed", "without a delimiter"],
    ["no size", [], { objects: [{ name: "job/e/a", size: undefined }] }, "Unavailable", "without its size"],
  ])("of %s is refused", (_, objects, more, code, why) => {
    const read = reader();
    expect(() => read(page(objects, more))).toThrow(expect.objectContaining({ code }));
    expect(() => reader()(page(objects, more))).toThrow(why);
  });

  test("of a deeper level, with the delimiter, is refused", () => {
    expect(() => reader("/")(page(["job/e/f/a"]))).toThrow("although a delimiter was given");
  });

  test("is checked from page to page, and may have any number of empty pages that lead on", () => {
    const read = reader();
    read(page(["job/e/b"], { next: "1" }));
    for (const next of ["2", "3", "4"]) read(page([], { next }));
    expect(() => read(page([], { next: "2" }))).toThrow("leads to an earlier one");
    const other = reader();
    other(page(["job/e/b"], { next: "1" }));
    expect(() => other(page(["job/e/a"]))).toThrow('"e/a" was listed after "e/b"');
  });
});

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

describe("a store's own prefix", () => {
  test.each([
    [undefined, ""],
    ["", ""],
    ["job", "job/"],
    ["job/", "job/"],
    ["a b/ü/%2F", "a b/ü/%2F/"],
  ])("%j stands before keys as %j", (prefix, joined) => expect(prefixOf(prefix)).toBe(joined));

  test.each([
    "/",
    "//",
    "a//",
    "/a",
    "a//b",
    ".",
    "a/..",
    "a./b",
    "a\\b",
    "a\nb",
    "\ud800",
    "ü".repeat(61),
    7,
  ])("%j is a TypeError", (prefix) => expect(() => prefixOf(prefix)).toThrow(TypeError));
});

describe("an error", () => {
  test("names the call, the store, the key and the reason, and says what to do", () => {
    const cause = new Error("because");
    const error = storeError(call, { code: "Denied", advice: "do this" }, "it said no.\n", { cause });
    expect(error).toMatchObject({
      code: "Denied",
      key: "a/1",
      store: "store:here",
      message: 'get of "a/1" in store:here failed: it said no; do this',
      cause: { message: "because" },
    });
  });

  test("has no secret in its message, its stack, or whatever its causes lead to", () => {
    const token = "a/token+with=odd characters";
    const redact = redactorOf([token]);
    const inner = Object.assign(new Error(`sent ${token}`), {
      code: encodeURIComponent(token),
      headers: { authorization: token },
      config: { token },
      $metadata: { httpStatusCode: 400, token },
    });
    const cause = new TypeError(`it sent ${token}`, { cause: inner });
    Object.assign(inner, { cause: new AggregateError([cause, { token }, token], token) });
    const details = { cause, fields: ["$metadata"] };
    const error = storeError({ ...call, redact }, { code: "Failed" }, `echo of ${token}`, details);
    const printed = inspect(error, { depth: 20, showHidden: true }) + JSON.stringify(error);
    expect(printed).toContain("httpStatusCode: 400");
    expect(printed).toContain("echo of [redacted]");
    for (const spelling of [token, encodeURIComponent(token)]) expect(printed).not.toContain(spelling);
    expect(error.cause).toBeInstanceOf(TypeError);
  });

  test.each([
    "Authorization: Bearer abcdefgh12345678",
    "https://user:hunter2hunter2@host/",
    "?sv=2020&sig=abcdefgh12345678%3D",
    "X-Amz-Signature=abcdefgh12345678",
    "<SecurityToken>abcdefgh12345678</SecurityToken>",
    '{"access_token":"abcdefgh12345678"}',
    "SharedKey account:abcdefgh12345678=",
    "AccountKey=abcdefgh12345678;EndpointSuffix=x",
    "eyJhbGciOiJSUzI1NiJ9.abcdefgh12345678",
    "ya29.abcdefgh12345678",
    "-----BEGIN PRIVATE KEY-----\nabcdefgh12345678\n-----END PRIVATE KEY-----",
  ])("has nothing that looks like a credential: %j", (text) => {
    const { message } = storeError(call, { code: "Failed" }, `it said ${text}`);
    expect(message).toContain("[redacted]");
    expect(message).not.toMatch(/abcdefgh12345678|hunter2/);
  });
});

describe("a store's URL", () => {
  test("has a host, a path, and parameters that the store knows", () => {
    expect(parseStoreUrl("s3://bucket/a%20b/c?region=x", "s3", ["region"])).toEqual({
      host: "bucket",
      path: "a b/c",
      parameters: { region: "x" },
    });
    expect(parseStoreUrl(new URL("memory:"), "memory")).toEqual({ host: "", path: "", parameters: {} });
  });

  test.each([
    ["gs://bucket", "the URL must begin with s3:, not gs:"],
    ["s3://key:hunter2@bucket", "the URL must hold no credentials"],
    ["s3://bucket?region=a&region=b", 'the parameter "region" twice'],
    ["s3://bucket?token=hunter2", 'the URL has the parameter "token"; it knows region'],
    ["s3://bucket#fragment", "the URL must have no fragment"],
    ["not a URL?token=hunter2", '"not a URL…" is not a URL'],
  ])("%s is a TypeError that shows no secret", (url, message) => {
    const parse = (): unknown => parseStoreUrl(url, "s3", ["region"]);
    expect(parse).toThrow(TypeError);
    expect(parse).toThrow(message);
    expect(parse).not.toThrow("hunter2");
  });
});
