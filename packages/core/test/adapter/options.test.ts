import { describe, expect, test } from "vitest";
import { checkCount, checkEndpoint, idleTimeoutOf } from "../../src/adapter/index.ts";

describe("a count", () => {
  test("is a whole number from 1 to the most", () => {
    expect([checkCount("n", 1, 3), checkCount("n", 3, 3)]).toEqual([1, 3]);
    for (const value of [0, 4, 1.5, Number.NaN, "2", undefined])
      expect(() => checkCount("n", value, 3)).toThrow(/^n must be a whole number from 1 to 3, not /);
  });

  test("of the idle time-out is 30 seconds if it is left out, and what a timer can wait at most", () => {
    expect([idleTimeoutOf(undefined), idleTimeoutOf(1), idleTimeoutOf(2 ** 31 - 1)]).toEqual([
      30_000,
      1,
      2 ** 31 - 1,
    ]);
    expect(() => idleTimeoutOf(2 ** 31)).toThrow(RangeError);
  });
});

describe("an endpoint", () => {
  test.each(["http://127.0.0.1:9000", "https://storage.example/base"])("may be %s", (endpoint) => {
    expect(checkEndpoint(endpoint)).toBe(endpoint);
  });

  test.each([
    ["ftp://host", "an http or https address"],
    ["host", "an http or https address"],
    [undefined, "an http or https address"],
    ["https://user:hunter2@host", "no credentials"],
    ["https://host?sig=hunter2", "neither parameters nor a fragment"],
    ["https://host#hunter2", "neither parameters nor a fragment"],
  ])("is not %s, and the message has no part of it", (endpoint, message) => {
    const check = (): unknown => checkEndpoint(endpoint);
    expect(check).toThrow(TypeError);
    expect(check).toThrow(message);
    expect(check).not.toThrow("hunter2");
  });
});
