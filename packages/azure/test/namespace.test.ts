import { describe, expect, test, vi } from "vitest";
import { AzureStore } from "../src/index.ts";
import {
  blobHead,
  created,
  errorResponse,
  page,
  type Script,
  scriptedServer,
} from "./support/scripted-server.ts";

const body = Buffer.from("body");

function account(isHierarchical: boolean): Script {
  return (response) => {
    const headers = { "x-ms-request-id": "1", "x-ms-is-hns-enabled": String(isHierarchical) };
    response.writeHead(200, headers).end();
  };
}

describe("an account with a hierarchical namespace", () => {
  test("is refused at the first create and at each further one, after one question; nothing is created", async () => {
    await using server = await scriptedServer(created);
    server.describeAccountWith(account(true));
    const store = new AzureStore({ container: server.container() });
    for (const key of ["a", "b"]) {
      await expect(store.create(key, body)).rejects.toMatchObject({
        code: "Unsupported",
        key,
        message: expect.stringMatching(/hierarchical namespace; .*another order.*use an account without/),
      });
    }
    expect(server.accountRequests).toHaveLength(1);
    expect(server.received).toEqual([]);
  });

  test.each([
    ["true", "hdi_isfolder"],
    ["True", "Hdi_isfolder"],
  ])("is refused where a directory is listed (%s %s)", async (value, name) => {
    const folder =
      `<Blob><Name>p/dir</Name><Properties><Content-Length>0</Content-Length></Properties><Metadata>` +
      `<${name}>${value}</${name}></Metadata></Blob>`;
    await using server = await scriptedServer(page(["p/a"], "", folder));
    const store = new AzureStore({ container: server.container(), prefix: "p" });
    await expect(store.list("").next()).rejects.toMatchObject({
      code: "Unsupported",
      message: expect.stringMatching(/"p\/dir" is a directory of a hierarchical namespace/),
    });
  });

  test("is refused where a directory is read", async () => {
    const head = { ...blobHead(Buffer.alloc(0)), "x-ms-meta-hdi_isfolder": "true" };
    await using server = await scriptedServer((response) => response.writeHead(200, head).end());
    const store = new AzureStore({ container: server.container() });
    await expect(store.get("a")).rejects.toMatchObject({ code: "Unsupported" });
  });
});

describe("the account's kind", () => {
  test("is asked for once a store, however many creates begin at once, and never by the other calls", async () => {
    await using server = await scriptedServer((response, received) => {
      const script = received.method === "PUT" ? created : errorResponse(404, "BlobNotFound");
      script(response, received);
    });
    const store = new AzureStore({ container: server.container() });
    await store.get("a");
    await store.delete(["a"]);
    expect(server.accountRequests).toHaveLength(0);
    await Promise.all(["a", "b", "c", "d"].map((key) => store.create(key, body)));
    await store.create("e", body);
    expect(server.accountRequests.map(({ method, url }) => `${method} ${url}`)).toEqual([
      "GET /account/box?comp=properties&restype=account",
    ]);
  });

  test.each<readonly [string, Script]>([
    ["the credential may not ask", errorResponse(403, "AuthorizationPermissionMismatch")],
    ["the container is not there", errorResponse(404, "ContainerNotFound")],
    ["the service does not know the question", errorResponse(400, "InvalidQueryParameterValue")],
    ["the service has no such request", errorResponse(501, "NotImplemented")],
    ["the response does not say it", (response) => response.writeHead(200, { "x-ms-request-id": "1" }).end()],
  ])("stays unknown, and creates go on, if %s", async (_, script) => {
    await using server = await scriptedServer(created);
    server.describeAccountWith(script);
    const store = new AzureStore({ container: server.container() });
    expect(await store.create("a", body)).toBe("created");
    expect(await store.create("b", body)).toBe("created");
    expect(server.accountRequests).toHaveLength(1);
  });

  test.each<readonly [string, Script, string]>([
    ["a reset", (response) => response.socket?.resetAndDestroy(), "Unavailable"],
    ["500", errorResponse(500, "InternalError"), "Unavailable"],
    ["503", errorResponse(503, "ServerBusy", { "retry-after": "3" }), "Throttled"],
    ["401", errorResponse(401, "InvalidAuthenticationInfo"), "Denied"],
    ["a gateway's 403", (response) => response.writeHead(403).end("<html>no</html>"), "Unavailable"],
  ])(
    "is asked for again by the next create after %s, and nothing is created before",
    async (_, script, code) => {
      await using server = await scriptedServer(created);
      server.describeAccountWith(script);
      const store = new AzureStore({ container: server.container() });
      await expect(store.create("a", body)).rejects.toMatchObject({ code, key: "a" });
      expect(server.received).toEqual([]);
      server.describeAccountWith(account(false));
      expect(await store.create("a", body)).toBe("created");
      expect(server.accountRequests).toHaveLength(2);
    },
  );

  test("is asked for on behalf of all: the abort of the create that asked ends that one alone", async () => {
    await using server = await scriptedServer(created);
    const { promise: held, resolve: answer } = Promise.withResolvers<void>();
    server.describeAccountWith(
      (response, received) => void held.then(() => account(false)(response, received)),
    );
    const store = new AzureStore({ container: server.container() });
    const controller = new AbortController();
    const aborted = store.create("a", body, { signal: controller.signal });
    await vi.waitFor(() => expect(server.accountRequests).toHaveLength(1), { timeout: 15_000 });
    const other = store.create("b", body);
    controller.abort("enough");
    await expect(aborted).rejects.toBe("enough");
    answer();
    expect(await other).toBe("created");
    expect(server.received.map(({ url }) => url)).toEqual(["/account/box/b"]);
    expect(server.accountRequests).toHaveLength(1);
  });
});
