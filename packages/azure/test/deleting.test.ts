import { isStoreError } from "@state/core";
import { describe, expect, test, vi } from "vitest";
import { AzureStore } from "../src/index.ts";
import { batchResponse, deleted, errorResponse, scriptedServer } from "./support/scripted-server.ts";
import type { Received, Script } from "./support/scripted-server.ts";

const keys = (count: number): string[] => Array.from({ length: count }, (_, index) => `k/${index}`);

function countOf(received: Received): number {
  return received.body.toString().split("DELETE ").length - 1;
}

const allDeleted: Script = (response, received) =>
  batchResponse(Array.from({ length: countOf(received) }, (_, index) => [index, 202] as const))(
    response,
    received,
  );

describe("a delete", () => {
  test("sends a batch for each 256 keys", async () => {
    await using server = await scriptedServer(allDeleted);
    const store = new AzureStore({ container: server.container(), prefix: "p" });
    expect(await store.delete(keys(700))).toEqual([]);
    expect(server.received.map(countOf).toSorted((a, b) => a - b)).toEqual([188, 256, 256]);
    for (const { method, url } of server.received) {
      expect(method).toBe("POST");
      expect(url).toContain("/account/box?");
      expect(url).toContain("comp=batch");
    }
    const named = server.received.flatMap(({ body }) =>
      [...body.toString().matchAll(/DELETE \/account\/box\/p\/(\S+)/g)].map(([, key]) => key),
    );
    expect(named).toHaveLength(700);
    expect(new Set(named)).toEqual(new Set(keys(700)));
  });

  test("of no keys sends nothing, of one key is a request of its own, and a key that is named twice is one", async () => {
    await using server = await scriptedServer(deleted);
    const store = new AzureStore({ container: server.container() });
    expect(await store.delete([])).toEqual([]);
    expect(server.received).toHaveLength(0);
    expect(await store.delete(["a", "a"])).toEqual([]);
    expect(server.received.map(({ method, url }) => `${method} ${url}`)).toEqual(["DELETE /account/box/a"]);
  });

  test("tells of each blob by itself; one that is not there is gone", async () => {
    await using server = await scriptedServer(
      batchResponse([
        [3, 412, "LeaseIdMissing"],
        [0, 202],
        [1, 404, "BlobNotFound"],
        [2, 503, "ServerBusy"],
        [4, 409, "BlobImmutableDueToPolicy"],
        [5, 404, "ContainerNotFound"],
        [6, 409, "BlobImmutableDueToLegalHold"],
        [7, 202],
      ]),
    );
    const store = new AzureStore({ container: server.container() });
    const failures = await store.delete(keys(8));
    expect(failures.map(({ key, error }) => [key, error.code])).toEqual([
      ["k/2", "Throttled"],
      ["k/3", "Failed"],
      ["k/4", "Failed"],
      ["k/5", "Misconfigured"],
      ["k/6", "Failed"],
    ]);
    for (const { key, error } of failures) {
      expect(isStoreError(error)).toBe(true);
      expect(error.message).toContain(key);
      expect(error.key).toBe(key);
      expect(error.cause).toBeInstanceOf(Error);
    }
  });

  test.each<readonly [string, Script]>([
    [
      "lacks some",
      batchResponse([
        [0, 202],
        [7, 202],
        [2, 202],
      ]),
    ],
    ["has no word on any", batchResponse([])],
    [
      "has fewer",
      batchResponse([
        [0, 202],
        [2, 202],
      ]),
    ],
    [
      "is cut",
      (response, received) => {
        response.writeHead(202, {
          "content-type": "multipart/mixed; boundary=part",
          "content-length": "5000",
          "x-ms-request-id": "1",
        });
        response.write(`--part\r\nContent-ID: 0\r\n\r\nHTTP/1.1 202 Accepted\r\n${received.method}`, () =>
          response.socket?.destroy(),
        );
      },
    ],
  ])("whose response %s reports those as Unavailable", async (_, script) => {
    await using server = await scriptedServer(script);
    const store = new AzureStore({ container: server.container() });
    const failures = await store.delete(keys(3));
    expect(failures.map(({ key }) => key)).toContain("k/1");
    for (const { error } of failures) expect(error.code).toBe("Unavailable");
    expect(server.received).toHaveLength(1);
  });

  test.each<readonly [string, Script, string]>([
    ["503", errorResponse(503, "ServerBusy", { "retry-after": "2" }), "Throttled"],
    ["500", errorResponse(500, "InternalError"), "Unavailable"],
    ["404", errorResponse(404, "ContainerNotFound"), "Misconfigured"],
    ["409", errorResponse(409, "ContainerBeingDeleted"), "Failed"],
    ["401", errorResponse(401, "NoAuthenticationInformation"), "Denied"],
    ["a reset", (response) => response.socket?.resetAndDestroy(), "Unavailable"],
  ])("that fails as a whole by %s fails for each of its keys, after one request", async (_, script, code) => {
    await using server = await scriptedServer(script);
    const store = new AzureStore({ container: server.container() });
    const failures = await store.delete(keys(3));
    expect(failures.map(({ key, error }) => [key, error.key, error.code])).toEqual(
      keys(3).map((key) => [key, key, code]),
    );
    expect(server.received).toHaveLength(1);
  });

  test("of which one batch fails reports that batch alone", async () => {
    await using server = await scriptedServer((response, received) => {
      const script = received.body.includes("/k/300 ") ? errorResponse(500, "InternalError") : allDeleted;
      script(response, received);
    });
    const store = new AzureStore({ container: server.container() });
    const failures = await store.delete(keys(600));
    expect(failures.map(({ key }) => key)).toEqual(keys(600).slice(256, 512));
  });
});

describe("without batches", () => {
  test.each([
    [400, "InvalidQueryParameterValue"],
    [403, "AuthorizationPermissionMismatch"],
    [405, "UnsupportedHttpVerb"],
    [501, "NotImplemented"],
  ])(
    "a batch that is refused with %d %s is followed by single deletes, and by no further batch",
    async (status, code) => {
      await using server = await scriptedServer((response, received) => {
        const script = received.method === "POST" ? errorResponse(status, code) : deleted;
        script(response, received);
      });
      const store = new AzureStore({ container: server.container() });
      expect(await store.delete(keys(40))).toEqual([]);
      expect(await store.delete(keys(5))).toEqual([]);
      const methods = server.received.map(({ method }) => method);
      expect(methods.filter((method) => method === "POST")).toHaveLength(1);
      expect(methods.filter((method) => method === "DELETE")).toHaveLength(45);
    },
  );

  test("no more than 16 are deleted at once", async () => {
    const held: (() => void)[] = [];
    await using server = await scriptedServer((response, received) => {
      if (received.method === "POST") return errorResponse(501, "NotImplemented")(response, received);
      if (received.url.endsWith("/k/0")) return deleted(response, received);
      held.push(() => deleted(response, received));
    });
    const store = new AzureStore({ container: server.container() });
    const deleting = store.delete(keys(33));
    for (const round of [1, 2]) {
      await vi.waitFor(() => expect(held).toHaveLength(16), { timeout: 15_000 });
      for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      expect(held).toHaveLength(16);
      expect(server.received).toHaveLength(2 + round * 16);
      for (const respond of held.splice(0)) respond();
    }
    expect(await deleting).toEqual([]);
  });

  test("a batch whose response is that of one request is followed by single deletes", async () => {
    await using server = await scriptedServer((response, received) => {
      const script =
        received.method === "POST" ? batchResponse([[Number.NaN, 400, "InvalidInput"]]) : deleted;
      script(response, received);
    });
    const store = new AzureStore({ container: server.container() });
    expect(await store.delete(keys(3))).toEqual([]);
    expect(server.received.map(({ method }) => method)).toEqual(["POST", "DELETE", "DELETE", "DELETE"]);
  });

  test("and without the right to delete, one blob is tried, and all are Denied", async () => {
    await using server = await scriptedServer(errorResponse(403, "AuthorizationPermissionMismatch"));
    const store = new AzureStore({ container: server.container() });
    const failures = await store.delete(keys(40));
    expect(failures.map(({ key, error }) => [key, error.code])).toEqual(
      keys(40).map((key) => [key, "Denied"]),
    );
    expect(server.received.map(({ method }) => method)).toEqual(["POST", "DELETE"]);
  });
});
