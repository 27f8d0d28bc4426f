import { isStoreError, type ObjectStore } from "@state/core";
import { describe, expect, test } from "vitest";
import { AzureStore } from "../src/index.ts";
import { type Script, scriptedServer } from "./support/scripted-server.ts";

const nginx = { server: "nginx/1.27.0", "content-type": "text/html" };

function page(status: number, headers: Readonly<Record<string, string>> = nginx, body?: string): Script {
  return (response) => {
    response.writeHead(status, headers).end(body ?? `<html><h1>${status}</h1></html>`);
  };
}

const loadBalancer = '<?xml version="1.0"?><Error><Message>no backend</Message></Error>';
const xml = { "content-type": "application/xml" };

const responses: readonly (readonly [string, Script, string])[] = [
  ...[400, 401, 403, 404, 405, 409, 412, 413, 421, 499, 500, 501, 502, 504].map(
    (status) => [`nginx's page for ${status}`, page(status), "Unavailable"] as const,
  ),
  ["nginx's page for 429", page(429), "Throttled"],
  ["nginx's page for 503", page(503), "Unavailable"],
  ["a 503 with Retry-After", page(503, { ...nginx, "retry-after": "7" }), "Throttled"],
  ["a proxy's 407", page(407, { "proxy-authenticate": "Basic" }), "Unavailable"],
  ["a load balancer's XML for 403", page(403, xml, loadBalancer), "Unavailable"],
  ["a load balancer's XML for 409", page(409, xml, loadBalancer), "Unavailable"],
  ["a bare redirect", page(302, { location: "http://127.0.0.1:1/login" }, ""), "Unavailable"],
  ["a portal's 200", page(200, { "content-type": "text/html" }), "Unavailable"],
  ["a file server's 201", page(201, nginx, ""), "Unavailable"],
  ["a file server's 204", page(204, nginx, ""), "Unavailable"],
];

const calls: Readonly<Record<string, (store: ObjectStore) => Promise<unknown>>> = {
  create: (store) => store.create("a", Buffer.from("body")),
  get: (store) => store.get("a"),
  list: (store) => store.list("")[Symbol.asyncIterator]().next(),
  "single delete": async (store) => thrown(await store.delete(["a"])),
  "batch delete": async (store) => thrown(await store.delete(["a", "b"])),
};

function thrown(failures: readonly { readonly error: Error }[]): never {
  throw failures[0]?.error ?? new Error("no failure");
}

const cases = responses.flatMap(([what, script, code]) =>
  Object.entries(calls).map(([operation, call]) => [operation, what, script, code, call] as const),
);

describe("a response that is not the service's", () => {
  test.each(cases)("to a %s is no verdict: %s", async (_, __, script, code, call) => {
    await using server = await scriptedServer(script);
    const error: unknown = await call(new AzureStore({ container: server.container() })).then(
      (value) => value,
      (reason: unknown) => reason,
    );
    expect(isStoreError(error) && error.code).toBe(code);
    expect(server.received).toHaveLength(1);
  });

  test("is said to be none, with who wrote it and what to do", async () => {
    await using server = await scriptedServer(page(403));
    const store = new AzureStore({ container: server.container() });
    await expect(store.get("a")).rejects.toThrow(
      /HTTP 403 that is not the blob service's, by nginx\/1\.27\.0; the response is not the service.s: look at the endpoint/,
    );
  });

  test("has its Retry-After counted from its own Date", async () => {
    const date = "Wed, 21 Oct 2015 07:28:00 GMT";
    const later = "Wed, 21 Oct 2015 07:28:09 GMT";
    await using server = await scriptedServer(page(503, { date, "retry-after": later }));
    const store = new AzureStore({ container: server.container() });
    await expect(store.get("a")).rejects.toMatchObject({ code: "Throttled", retryAfterMs: 9_000 });
  });
});

describe("a response of the service, by any of its marks, is a verdict", () => {
  test.each<readonly [string, Script]>([
    ["a code in a header", page(403, { "x-ms-error-code": "AuthorizationFailure" }, "")],
    ["a code in a body", page(403, xml, "<Error><Code>AuthorizationFailure</Code></Error>")],
    [
      "a code in a body of another type",
      page(403, nginx, "<Error><Code>AuthorizationFailure</Code></Error>"),
    ],
    ["a request id", page(403, { "x-ms-request-id": "1" }, "")],
  ])("%s", async (_, script) => {
    await using server = await scriptedServer(script);
    const store = new AzureStore({ container: server.container() });
    await expect(store.get("a")).rejects.toMatchObject({ code: "Denied" });
  });
});

function names(header: string): string {
  return `<Error><Code>UnsupportedHeader</Code><Message>no</Message><HeaderName>${header}</HeaderName></Error>`;
}

describe("a create that is refused for a header", () => {
  test.each<readonly [string, Script, string]>([
    ["names the condition", page(400, xml, names("If-None-Match")), "Unsupported"],
    ["names none", page(400, { "x-ms-error-code": "UnsupportedHeader" }, ""), "Unsupported"],
    [
      "says that conditions are not supported",
      page(400, { "x-ms-error-code": "ConditionHeadersNotSupported" }, ""),
      "Unsupported",
    ],
    ["names the encryption scope", page(400, xml, names("x-ms-encryption-scope")), "Failed"],
    [
      "is a 501 for encryption",
      page(501, xml, "<Error><Code>NotImplemented</Code><Message>no encryption</Message></Error>"),
      "Failed",
    ],
    ["is an unknown 400", page(400, { "x-ms-error-code": "SomethingNew" }, ""), "Failed"],
    ["is an unknown 409", page(409, { "x-ms-error-code": "SomethingNew" }, ""), "Failed"],
  ])("and %s", async (_, script, code) => {
    await using server = await scriptedServer(script);
    const store = new AzureStore({ container: server.container() });
    await expect(store.create("a", Buffer.from("body"))).rejects.toMatchObject({ code });
  });
});
