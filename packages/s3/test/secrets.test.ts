import { inspect } from "node:util";
import { NoSuchBucket } from "@aws-sdk/client-s3";
import { type BackendEvent, ObjectStoreBackend } from "@state/core";
import { operationNames, operations, rejectionOf, respondWith, type Script } from "@state/servers/testing";
import { describe, expect, test } from "vitest";
import { toStoreError } from "../src/errors.ts";
import { errorResponse, credentials, scriptedServer } from "./support/scripted-server.ts";

/** Responds as S3 does to a wrong signature or token: with what it was sent. */
function echo(status: number, code: string): Script {
  return (request, response, number) => {
    const authorization = request.headers.authorization ?? "";
    const token = String(request.headers["x-amz-security-token"]);
    const body = `<Error><Code>${code}</Code><Message>what ${code} says</Message><AWSAccessKeyId>${credentials.accessKeyId}</AWSAccessKeyId>
      <StringToSign>AWS4-HMAC-SHA256 ${authorization}</StringToSign><SignatureProvided>${signatureOf(authorization)}</SignatureProvided>
      <CanonicalRequest>x-amz-security-token:${token}</CanonicalRequest><Token-0>${token}</Token-0></Error>`;
    respondWith(status, body)(request, response, number);
  };
}

function signatureOf(authorization: string): string {
  return /Signature=([0-9a-f]{64})/.exec(authorization)?.[1] ?? "none";
}

/** All that can be reached from a value, its properties that are not enumerable included. */
function printedOf(value: unknown): string {
  return inspect(value, { depth: Infinity, showHidden: true, maxArrayLength: null, maxStringLength: null });
}

describe("no secret", () => {
  test.each([
    [403, "SignatureDoesNotMatch"],
    [400, "ExpiredToken"],
    [400, "InvalidToken"],
    [503, "SlowDown"],
    [418, "Whatever"],
  ])("is in an error that comes of %i %s, nor in its causes, nor in an event", async (status, code) => {
    await using server = await scriptedServer(echo(status, code));
    const store = server.store();
    const seen: unknown[] = [store];
    for (const name of operationNames) seen.push(await rejectionOf(operations[name](store)));
    const onEvent = (event: BackendEvent): void => {
      seen.push(event);
    };
    seen.push(
      await rejectionOf(
        ObjectStoreBackend.open({
          store,
          instanceId: "a",
          vnodeCapacity: 1,
          retry: { attempts: 1 },
          onEvent,
        }),
      ),
    );
    const printed = seen.map((each) => printedOf(each) + JSON.stringify(each)).join("\n");
    expect(printed).toContain(code);
    const signatures = server.headers.map(({ authorization = "" }) => signatureOf(authorization));
    expect(signatures).not.toContain("none");
    for (const secret of [credentials.secretAccessKey, credentials.sessionToken, ...signatures]) {
      expect(printed).not.toContain(secret);
    }
    expect(server.headers[0]).toHaveProperty("x-amz-security-token", credentials.sessionToken);
  });

  test("is in an error of the network", async () => {
    await using server = await scriptedServer((request) => request.socket.destroy());
    for (const name of operationNames) {
      const error = await rejectionOf(operations[name](server.store()));
      const printed = printedOf(error);
      expect(printed).toContain("Unavailable");
      expect(printed).not.toContain(credentials.secretAccessKey);
      expect(printed).not.toContain(credentials.sessionToken);
    }
  });

  test("is in a page that cannot be read, though it says back what it was sent", async () => {
    await using server = await scriptedServer((request, response, number) => {
      const token = String(request.headers["x-amz-security-token"]);
      respondWith(502, `<html><br>${token}${request.headers.authorization}`)(request, response, number);
    });
    for (const name of operationNames) {
      const printed = printedOf(await rejectionOf(operations[name](server.store())));
      expect(printed).toContain("Unavailable");
      expect(printed).not.toContain(credentials.sessionToken);
      expect(printed).not.toContain("AWS4-HMAC-SHA256");
    }
  });

  test.each([
    ["a field", Object.assign(new Error("text"), { config: { authorization: "the-secret" } })],
    ["a field that stays", Object.freeze(Object.assign(new Error("text"), { token: "the-secret" }))],
    [
      "a hidden field",
      Object.defineProperty(new Error("text"), "$responseBodyText", { value: "the-secret" }),
    ],
    ["a symbol", Object.assign(new Error("text"), { [Symbol("request")]: "the-secret" })],
    [
      "an object under a harmlessFields name",
      Object.assign(new Error("text"), { code: { token: "the-secret" } }),
    ],
    ["its cause", new Error("text", { cause: Object.assign(new Error("cause"), { token: "the-secret" }) })],
    ["a cause that is no error", new Error("text", { cause: { token: "the-secret" } })],
    ["one of its errors", new AggregateError([Object.assign(new Error(), { token: "the-secret" })], "text")],
    ["no error", { message: "text", token: "the-secret" }],
    ["a function", Object.assign(() => undefined, { token: "the-secret" })],
  ])("is in the cause, where what was thrown had it in %s", async (_, thrown) => {
    await using server = await scriptedServer(respondWith(200));
    const clientConfig = {
      ...server.config(),
      credentials: () => Promise.reject(thrown),
    };
    const error = await rejectionOf(operations.get(server.store({ clientConfig })));
    expect(printedOf(error)).toContain("get of");
    expect(printedOf(error)).not.toContain("the-secret");
    expect(printedOf(thrown)).toContain("the-secret");
  });
});

describe("a cause", () => {
  test("is of the SDK's class, and has what the service said", async () => {
    await using server = await scriptedServer(
      errorResponse(404, "NoSuchBucket", { "x-amz-request-id": "42" }),
    );
    const error = await rejectionOf(operations.get(server.store()));
    const cause: unknown = Reflect.get(Object(error), "cause");
    // `instanceof` would not do: the SDK decides it by the name.
    expect(Object.getPrototypeOf(cause)).toBe(NoSuchBucket.prototype);
    expect(cause).toMatchObject({
      message: "what NoSuchBucket says",
      $fault: "client",
      $metadata: { httpStatusCode: 404, requestId: "42", attempts: 1 },
    });
    expect(Reflect.get(Object(cause), "stack")).toContain("NoSuchBucket: what NoSuchBucket says\n    at ");
  });

  test("may be in a circle, or an error of the platform's with nothing of its own", () => {
    const circle = new Error("outer");
    circle.cause = new Error("inner", { cause: circle });
    const operation = { store: "s3://bucket/", operation: "get", key: "a" } as const;
    expect(printedOf(toStoreError(circle, operation))).toContain("inner");
    const aborted = toStoreError(new DOMException("not yours", "AbortError"), operation);
    expect(aborted.cause).toMatchObject({ name: "AbortError", message: "not yours" });
    expect(printedOf(aborted)).toContain("not yours");
  });
});
