import { describe, expect, test } from "vitest";
import { codeOf, meaningOfForeign, meaningOfSilence, retryAfterMs } from "../../src/adapter/index.ts";

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

describe("a response that is not the service's", () => {
  test.each([
    [200, undefined, "Unavailable", /look at the endpoint/],
    [302, undefined, "Unavailable", /something on the way redirects/],
    [403, undefined, "Unavailable", /look at the endpoint/],
    [407, undefined, "Unavailable", /the proxy on the way asks for credentials/],
    [412, undefined, "Unavailable", /look at the endpoint/],
    [429, undefined, "Throttled", /look at the endpoint/],
    [503, undefined, "Unavailable", /look at the endpoint/],
    [503, 7_000, "Throttled", /look at the endpoint/],
  ])("%i, with Retry-After %j, is %s, and says where to look", (status, wait, code, advice) => {
    expect(meaningOfForeign(status, wait)).toEqual({ code, advice: expect.stringMatching(advice) });
  });
});
