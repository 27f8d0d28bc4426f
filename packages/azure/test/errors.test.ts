import { isStoreError } from "@state/core";
import type { ObjectStore, StoreError } from "@state/core";
import { expect, describe, test } from "vitest";
import { meaningOf, readRefusal } from "../src/errors.ts";
import type { StoreCall } from "@state/core/adapter";
import { AzureStore } from "../src/index.ts";
import { errorResponse, scriptedServer } from "./support/scripted-server.ts";
import type { AzureServer, Script } from "./support/scripted-server.ts";

type OperationName = StoreCall["operation"];

const all: readonly OperationName[] = ["create", "get", "list", "delete"];

const rows: readonly (readonly [
  status: number,
  code: string | undefined,
  string,
  readonly OperationName[],
])[] = [
  [409, "BlobAlreadyExists", "exists", ["create"]],
  [409, "BlobAlreadyExists", "Failed", ["get", "list", "delete"]],
  [412, "ConditionNotMet", "exists", ["create"]],
  [412, "ConditionNotMet", "Failed", ["get", "list", "delete"]],
  [403, "UnauthorizedBlobOverwrite", "exists", ["create"]],
  [403, "UnauthorizedBlobOverwrite", "Denied", ["get", "list", "delete"]],
  [404, "BlobNotFound", "absent", ["get", "delete"]],
  [404, "BlobNotFound", "Failed", ["create", "list"]],
  [404, undefined, "absent", ["get", "delete"]],
  [404, undefined, "Unavailable", ["create", "list"]],
  [404, "ContainerNotFound", "Misconfigured", all],
  [404, "ResourceNotFound", "Misconfigured", all],
  [400, "InvalidResourceName", "Misconfigured", all],
  [409, "ContainerDisabled", "Misconfigured", all],
  [409, "ContainerBeingDeleted", "Failed", all],
  [409, "BlobImmutableDueToPolicy", "Failed", all],
  [409, "BlobImmutableDueToLegalHold", "Failed", all],
  [412, "LeaseIdMissing", "Failed", all],
  [412, "LeaseIdMismatchWithBlobOperation", "Failed", all],
  [412, "LeaseIdMismatchWithContainerOperation", "Failed", all],
  [412, "LeaseLost", "Failed", all],
  [409, "BlobArchived", "Failed", all],
  [409, "BlobBeingRehydrated", "Failed", all],
  [409, "SnapshotsPresent", "Failed", all],
  [409, "SomethingElse", "Failed", all],
  [412, undefined, "Failed", all],
  [409, undefined, "Failed", all],
  [400, "Md5Mismatch", "Corrupt", all],
  [400, "UnsupportedHeader", "Unsupported", ["create"]],
  [400, "UnsupportedHeader", "Failed", ["get", "list", "delete"]],
  [501, "NotImplemented", "Unsupported", ["create"]],
  [501, "NotImplemented", "Failed", ["get", "list", "delete"]],
  [400, "InvalidInput", "Failed", all],
  [401, "NoAuthenticationInformation", "Denied", all],
  [403, "AuthorizationPermissionMismatch", "Denied", all],
  [403, undefined, "Denied", all],
  [503, "ServerBusy", "Throttled", all],
  [429, "TooManyRequests", "Throttled", all],
  [500, "InternalError", "Unavailable", all],
  [500, "OperationTimedOut", "Unavailable", all],
  [409, "AccountBeingCreated", "Unavailable", all],
  [503, undefined, "Unavailable", all],
  [502, undefined, "Unavailable", all],
  [408, undefined, "Unavailable", all],
  [301, undefined, "Misconfigured", all],
  [307, undefined, "Misconfigured", all],
  [418, "ShortAndStout", "Failed", all],
];

const cases = rows.flatMap(([status, code, meaning, operations]) =>
  operations.map((operation) => [operation, status, code, meaning] as const),
);

describe("an error", () => {
  test.each([
    [200, undefined],
    [404, "PARSE_ERROR"],
  ])("of a response (%d %s) that the SDK cannot read is Unavailable", (status, code) => {
    for (const operation of all) {
      expect(meaningOf({ status, code }, operation)).toMatchObject({
        code: "Unavailable",
        advice: expect.any(String),
      });
    }
  });

  test.each([
    ["BlobImmutableDueToPolicy", "immutability"],
    ["BlobImmutableDueToLegalHold", "legal hold"],
    ["ContainerBeingDeleted", "being deleted"],
    ["LeaseIdMissing", "lease"],
    ["LeaseIdMismatchWithBlobOperation", "lease"],
    ["LeaseIdMismatchWithContainerOperation", "lease"],
    ["LeaseLost", "lease"],
    ["BlobBeingRehydrated", "lifecycle"],
    ["BlobArchived", "lifecycle"],
    ["SnapshotsPresent", "snapshots"],
  ])("%s says what to do", (code, advice) => {
    expect(meaningOf({ status: 409, code }, "delete")).toEqual({
      code: "Failed",
      advice: expect.stringContaining(advice),
    });
  });

  test.each<readonly [string, object, object | undefined]>([
    ["its own code", { statusCode: 409, code: "A", details: { errorCode: "B" } }, { status: 409, code: "A" }],
    ["its details' code", { statusCode: 404, details: { errorCode: "B" } }, { status: 404, code: "B" }],
    [
      "the header's code",
      { statusCode: 404, response: { headers: new Headers({ "x-ms-error-code": "C" }) } },
      { status: 404, code: "C" },
    ],
    [
      "the code in a body that the SDK cannot read",
      { statusCode: 404, response: { bodyAsText: "<Code>D</Code>" } },
      { status: 404, code: "D" },
    ],
    ["nothing, without a response", { name: "RestError", code: "ECONNRESET" }, undefined],
  ])("is understood by %s", (_, fields, known) => {
    const found = readRefusal(Object.assign(new Error("x"), fields));
    expect(found === undefined).toBe(known === undefined);
    expect({ ...found }).toMatchObject({ ...known });
  });
});

describe("a request", () => {
  test.each(cases)(
    "a response to a %s of %d %s means %s, and nothing is sent again",
    async (operation, status, code, meaning) => {
      await using server = await scriptedServer(
        errorResponse(status, code, { location: "http://127.0.0.1:1/" }),
      );
      const outcome = await outcomeOf(storeOn(server), operation);
      expect(outcome.code).toBe(meaning);
      expect(server.received).toHaveLength(1);
      if (outcome.error !== undefined) {
        expect(outcome.error.message).toContain("azure://account/box/p");
        expect(outcome.error.message).toContain(operation === "list" ? '""' : '"a/b"');
        expect(outcome.error.cause).toBeInstanceOf(Error);
      }
    },
  );

  test.each(all)("a %s that is throttled says how long to wait", async (operation) => {
    await using server = await scriptedServer(errorResponse(503, "ServerBusy", { "retry-after": "3" }));
    const { error } = await outcomeOf(storeOn(server), operation);
    expect(error).toMatchObject({ code: "Throttled", retryable: true, retryAfterMs: 3_000 });
  });

  test.each(all)(
    "a %s whose connection is reset is Unavailable, and is not sent again",
    async (operation) => {
      await using server = await scriptedServer((response) => response.socket?.resetAndDestroy());
      const { error } = await outcomeOf(storeOn(server), operation);
      expect(error).toMatchObject({ code: "Unavailable" });
      expect(server.received).toHaveLength(1);
    },
  );

  test.each(all)("a %s to a port where nobody listens is Unavailable", async (operation) => {
    const server = await scriptedServer(errorResponse(500, undefined));
    const store = storeOn(server);
    await server[Symbol.asyncDispose]();
    expect((await outcomeOf(store, operation)).error).toMatchObject({ code: "Unavailable" });
  });

  const strange: readonly (readonly [string, Script])[] = [
    [
      "200 with the XML of an error",
      fixedResponse(200, "<Error><Code>InternalError</Code></Error>", "application/xml"),
    ],
    ["200 with a gateway's page", fixedResponse(200, "<html>welcome</html>", "text/html")],
    ["200 with nothing", fixedResponse(200, "", "application/xml")],
    ["404 whose XML is cut", fixedResponse(404, "<Error><Code>Blob", "application/xml")],
    ["404 of a gateway", fixedResponse(404, "<html>no such page</html>", "text/html")],
  ];
  const pairs = strange.flatMap(([name, script]) =>
    all.map((operation) => [operation, name, script] as const),
  );

  test.each(pairs)("a response to a %s of %s is Unavailable", async (operation, _, script) => {
    await using server = await scriptedServer(script);
    const { code } = await outcomeOf(storeOn(server), operation);
    expect(code).toBe("Unavailable");
  });

  test.each(all)("a response to a %s that is cut inside its error is Unavailable", async (operation) => {
    await using server = await scriptedServer((response) => {
      response.writeHead(409, { "content-type": "application/xml", "content-length": "500" });
      response.write("<Error><Code>BlobAlready", () => response.socket?.destroy());
    });
    expect((await outcomeOf(storeOn(server), operation)).code).toBe("Unavailable");
  });

  test.each(all)("a %s of which the code is only in the header is understood", async (operation) => {
    await using server = await scriptedServer((response) => {
      response.writeHead(404, { "x-ms-error-code": "ContainerNotFound" }).end();
    });
    expect((await outcomeOf(storeOn(server), operation)).code).toBe("Misconfigured");
  });
});

function fixedResponse(status: number, body: string, type: string): Script {
  return (response) => {
    response.writeHead(status, { "content-type": type, "content-length": String(body.length) }).end(body);
  };
}

function storeOn(server: AzureServer): ObjectStore {
  return new AzureStore({ container: server.container(), prefix: "p" });
}

async function outcomeOf(
  store: ObjectStore,
  operation: OperationName,
): Promise<{ code: string; error?: StoreError }> {
  try {
    return { code: await run(store, operation) };
  } catch (error) {
    if (!isStoreError(error)) throw error;
    return { code: error.code, error };
  }
}

async function run(store: ObjectStore, operation: OperationName): Promise<string> {
  if (operation === "create") return store.create("a/b", Buffer.from("body"));
  if (operation === "get") return (await store.get("a/b")) === undefined ? "absent" : "bytes";
  if (operation === "list") return JSON.stringify(await store.list("")[Symbol.asyncIterator]().next());
  const [failure] = await store.delete(["a/b"]);
  if (failure !== undefined) throw failure.error;
  return "absent";
}
