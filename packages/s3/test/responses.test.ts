import { key, operationNames, operations, respondWith, storeErrorOf } from "@state/servers/testing";
import { describe, expect, test } from "vitest";
import { errorBody, errorResponse, scriptedServer } from "./support/scripted-server.ts";

describe("a response", () => {
  test.each([
    ["PreconditionFailed", errorBody("PreconditionFailed")],
    ["another code", errorBody("ConditionNotMet")],
  ])("412 with %s, to a create, says that the key is taken", async (_, body) => {
    await using server = await scriptedServer(respondWith(412, body));
    await expect(operations.create(server.store())).resolves.toBe("exists");
  });

  test.each([
    ["cut short", errorBody("PreconditionFailed").slice(0, -20)],
    ["a page", "<html><body>412<br></body></html>"],
    ["well-formed, without a code", "<Error><Message>412</Message></Error>"],
    ["empty", ""],
  ])("412 with a body that is %s says nothing", async (_, body) => {
    await using server = await scriptedServer(respondWith(412, body));
    await expect(storeErrorOf(operations.create(server.store()))).resolves.toHaveProperty(
      "code",
      "Unavailable",
    );
  });

  test.each([
    ["NotImplemented", 501],
    ["NotImplemented", 400],
    ["NotImplemented", 405],
    ["InvalidArgument", 400, "The header If-None-Match is not allowed here"],
    ["InvalidRequest", 400, "conditional writes are not supported"],
    ["Whatever", 501, "<Header>If-None-Match</Header>"],
  ])(
    "%s (%i) of the condition is Unsupported to a create, to anything else Failed",
    async (name, status, said?: string) => {
      const body = errorBody(name, said);
      await using server = await scriptedServer(respondWith(status, body));
      await expect(storeErrorOf(operations.create(server.store()))).resolves.toHaveProperty(
        "code",
        "Unsupported",
      );
      await expect(storeErrorOf(operations.get(server.store()))).resolves.toHaveProperty("code", "Failed");
    },
  );

  test.each([
    ["BadRequest", 400, "", "Unavailable"],
    ["Whatever", 501, "", "Failed"],
    ["InvalidArgument", 400, "what is wrong it does not say", "Failed"],
    ["InvalidStorageClass", 400, "", "Misconfigured"],
    ["KMS.ThrottlingException", 400, "", "Throttled"],
    ["NotImplemented", 501, "Server side encryption specified but KMS is not configured", "Misconfigured"],
    ["NotImplemented", 501, "<Header>x-amz-tagging</Header>", "Failed"],
  ])(
    "%s (%i) of something else does not refuse the condition of a create",
    async (name, status, said, code) => {
      await using server = await scriptedServer(respondWith(status, errorBody(name, said)));
      await expect(storeErrorOf(operations.create(server.store()))).resolves.toHaveProperty("code", code);
    },
  );

  test("404 NoSuchKey is absent, and nothing else is", async () => {
    await using absent = await scriptedServer(errorResponse(404, "NoSuchKey"));
    await expect(absent.store().get(key)).resolves.toBeUndefined();
    await using ill = await scriptedServer(errorResponse(500, "NoSuchKey"));
    await expect(storeErrorOf(ill.store().get(key))).resolves.toHaveProperty("code", "Unavailable");
    await using noBucket = await scriptedServer(errorResponse(404, "NoSuchBucket"));
    await expect(storeErrorOf(noBucket.store().get(key))).resolves.toHaveProperty("code", "Misconfigured");
  });

  test.each([
    ["without a body", ""],
    ["cut in the middle of its XML", errorBody("NoSuchKey").slice(0, -12)],
    ["cut in the middle of its code", errorBody("NoSuchKey").slice(0, 65)],
    ["of a proxy", "<html><body><h1>Not Found</h1></body></html>"],
    ["of a proxy, in a sentence", "no such host"],
    ["of another meaning", errorBody("NoSuchUpload")],
  ])("a 404 %s is Unavailable, whatever was asked", async (_, body) => {
    await using server = await scriptedServer(respondWith(404, body));
    for (const operation of operationNames) {
      const error = await storeErrorOf(operations[operation](server.store()));
      expect(error).toHaveProperty("code", "Unavailable");
    }
  });

  test.each(["create", "list", "delete"] as const)(
    "a 200 with an error in its body is that error: %s",
    async (operation) => {
      await using slow = await scriptedServer(errorResponse(200, "SlowDown"));
      await expect(storeErrorOf(operations[operation](slow.store()))).resolves.toHaveProperty(
        "code",
        "Throttled",
      );
      await using broken = await scriptedServer(errorResponse(200, "InternalError"));
      await expect(storeErrorOf(operations[operation](broken.store()))).resolves.toHaveProperty(
        "code",
        "Unavailable",
      );
    },
  );

  test.each(operationNames)("a 200 with nothing in it is Unavailable: %s", async (operation) => {
    await using server = await scriptedServer(respondWith(200));
    await expect(storeErrorOf(operations[operation](server.store()))).resolves.toHaveProperty(
      "code",
      "Unavailable",
    );
  });

  test.each(operationNames)("a 200 that is somebody's page is Unavailable: %s", async (operation) => {
    await using server = await scriptedServer(respondWith(200, "<html><body>Sign in<br></body></html>"));
    await expect(storeErrorOf(operations[operation](server.store()))).resolves.toHaveProperty(
      "code",
      "Unavailable",
    );
  });

  test.each(operationNames)("a connection that is reset is Unavailable: %s", async (operation) => {
    await using server = await scriptedServer((request) => request.socket.destroy());
    await expect(storeErrorOf(operations[operation](server.store()))).resolves.toHaveProperty(
      "code",
      "Unavailable",
    );
    expect(server.requests).toHaveLength(1);
  });

  test.each(operationNames)("a response that is not HTTP is Unavailable: %s", async (operation) => {
    await using server = await scriptedServer((request) => request.socket.end("garbage\r\n\r\n"));
    await expect(storeErrorOf(operations[operation](server.store()))).resolves.toHaveProperty(
      "code",
      "Unavailable",
    );
  });

  test("nobody who listens is Unavailable", async () => {
    const server = await scriptedServer(respondWith(200));
    const store = server.store();
    await server[Symbol.asyncDispose]();
    for (const operation of operationNames) {
      await expect(storeErrorOf(operations[operation](store))).resolves.toHaveProperty("code", "Unavailable");
    }
  });
});
