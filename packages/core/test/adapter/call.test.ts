import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { redactorOf, type StoreCall, storeError } from "../../src/adapter/index.ts";

const call: StoreCall = { store: "store:here", operation: "get", key: "a/1" };

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
