import { describe, expect, test } from "vitest";
import { AzureStore } from "../src/index.ts";
import { batchResponse, blobHead, created, page, scriptedServer } from "./support/scripted-server.ts";
import type { Script } from "./support/scripted-server.ts";

const service: Script = (response, received) => {
  if (received.url.includes("comp=list")) return page([], "")(response, received);
  if (received.method === "POST")
    return batchResponse([
      [0, 202],
      [1, 202],
    ])(response, received);
  if (received.method === "PUT") return created(response, received);
  response.writeHead(200, blobHead(Buffer.from("x"))).end("x");
};

describe("a store's own prefix", () => {
  test.each([
    ["job", "job/"],
    ["job/", "job/"],
    ["", ""],
    [undefined, ""],
    ["a b/c+d/100%/ü/%41", "a b/c+d/100%/ü/%41/"],
    ["ü".repeat(60), `${"ü".repeat(60)}/`],
  ])("%j is the blob prefix %j, encoded once", async (prefix, root) => {
    await using server = await scriptedServer(service);
    const store = new AzureStore({ container: server.container(), prefix });
    await store.create("k/1", Buffer.from("x"));
    await store.get("k/1");
    await store.list("k/").next();
    await store.delete(["k/1", "k/2"]);
    const [put, get, list, batch] = server.received.map(({ url }) => new URL(url, "http://x"));
    expect(decodeURIComponent(put?.pathname ?? "")).toBe(`/account/box/${root}k/1`);
    expect(decodeURIComponent(get?.pathname ?? "")).toBe(`/account/box/${root}k/1`);
    expect(list?.searchParams.get("prefix")).toBe(`${root}k/`);
    expect(batch?.pathname).toBe("/account/box");
    const deleted = server.received[3]?.body.toString().match(/DELETE (\S+)/)?.[1] ?? "";
    expect(decodeURIComponent(deleted)).toBe(`/account/box/${root}k/1`);
    expect(store.name).toBe(root === "" ? "azure://account/box" : `azure://account/box/${root.slice(0, -1)}`);
  });

  test.each([
    ["/a"],
    ["a//b"],
    ["a//"],
    ["/"],
    ["."],
    ["a/../b"],
    ["a\\b"],
    ["a./b"],
    ["a."],
    ["a\nb"],
    ["a\uFFFFb"],
    ["a\uD800"],
    ["ü".repeat(61)],
    [7],
    [null],
  ])("%j is refused", async (prefix) => {
    await using server = await scriptedServer(service);
    const container = server.container();
    expect(() => new AzureStore({ container, prefix: prefix as string })).toThrow(
      /^the prefix .* cannot be used/s,
    );
  });
});
