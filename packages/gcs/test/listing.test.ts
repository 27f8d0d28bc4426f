import type { ListPage } from "@state/core";
import { startGcsDouble } from "@state/servers";
import { pagesOf, respondWith, type Script, storeErrorOf } from "@state/servers/testing";
import { describe, expect, test } from "vitest";
import type { GcsStore } from "../src/index.ts";
import { scriptedServer } from "./support/scripted-server.ts";
import { storeOn } from "./support/target.ts";

interface Body {
  readonly items?: readonly unknown[];
  readonly prefixes?: readonly string[];
  readonly nextPageToken?: unknown;
  readonly kind?: string;
}

const item = (name: string): unknown => ({ name: `job/${name}`, size: "1" });
const pages = (...bodies: readonly Body[]): Script => {
  return (request, response, number) =>
    respondWith(200, JSON.stringify({ kind: "storage#objects", ...bodies[number - 1] }))(
      request,
      response,
      number,
    );
};

describe("a listing", () => {
  test("is one request a page, each sent when its page is wanted, and asks for no more than it needs", async () => {
    const double = await startGcsDouble();
    for (let number = 0; number < 2_001; number += 1)
      double.objects.put(`p/${number}`, new Uint8Array(1), "x");
    const listing = storeOn(double).list("");
    expect(double.requests).toHaveLength(0);
    const sizes: number[] = [];
    for (let result = await listing.next(); result.done !== true; result = await listing.next()) {
      sizes.push(result.value.objects.length);
      expect(double.requests).toHaveLength(sizes.length);
    }
    expect(sizes).toEqual([1_000, 1_000, 1]);
    expect(double.requests).toHaveLength(3);
    const { searchParams } = new URL(double.requests[0]?.url ?? "", double.endpoint);
    expect(Object.fromEntries(searchParams)).toEqual({
      prefix: "p/",
      maxResults: "1000",
      fields: "kind,nextPageToken,prefixes,items(name,size)",
    });
    await double.stop();
  });

  test("gives the folders of every page, not of the last alone", async () => {
    const double = await startGcsDouble();
    for (let number = 0; number < 1_500; number += 1) {
      double.objects.put(`p/folder-${number}/a`, new Uint8Array(1), "x");
    }
    const folders = (await all(storeOn(double), { delimiter: "/" })).flatMap(({ prefixes }) => prefixes);
    expect(new Set(folders).size).toBe(1_500);
    expect(folders).toHaveLength(1_500);
    await double.stop();
  });

  test("gives each folder once and in order where the service names all of them on each page", async () => {
    await using server = await scriptedServer(
      pages(
        { items: [item("a"), item("c")], prefixes: ["job/b/", "job/d/", "job/z/"], nextPageToken: "e" },
        { items: [item("e")], prefixes: ["job/z/"], nextPageToken: "g" },
        { items: [item("g")], prefixes: ["job/z/"] },
      ),
    );
    const given = await all(server.store(), { delimiter: "/" });
    expect(given.map(({ objects, prefixes }) => [objects.map(({ key }) => key), prefixes])).toEqual([
      [["a", "c"], ["b/"]],
      [["e"], ["d/"]],
      [["g"], ["z/"]],
    ]);
  });

  test("goes on after an empty page", async () => {
    await using server = await scriptedServer(pages({ nextPageToken: "1" }, { items: [item("a")] }));
    expect((await all(server.store())).map(({ objects }) => objects.length)).toEqual([0, 1]);
    expect(server.requests[1]).toContain("pageToken=1");
  });

  test("leaves out what is no key, such as the folder that a console makes", async () => {
    await using server = await scriptedServer(
      pages({ items: [item(""), item("a"), item("b/"), item("c d")], prefixes: ["job/d e/", "job/f/"] }),
    );
    expect(await all(server.store(), { delimiter: "/" })).toEqual([
      { objects: [{ key: "a", size: 1 }], prefixes: ["f/"] },
    ]);
  });

  test.each([
    [
      "a page again",
      pages(
        { items: [item("a"), item("b")], nextPageToken: "1" },
        { items: [item("a"), item("b")], nextPageToken: "2" },
      ),
    ],
    [
      "its own token",
      pages(
        { items: [item("a")], nextPageToken: "1" },
        { items: [item("b")], nextPageToken: "1" },
        { items: [item("b")], nextPageToken: "1" },
      ),
    ],
    [
      "an earlier token, by empty pages that go round",
      pages({ nextPageToken: "1" }, { nextPageToken: "2" }, { nextPageToken: "1" }),
    ],
    ["keys that go back", pages({ items: [item("b")], nextPageToken: "1" }, { items: [item("a")] })],
  ])("that is sent %s is Unavailable at next(), and gives no key twice", async (_, script) => {
    await using server = await scriptedServer(script);
    const given: string[] = [];
    const read = async (): Promise<void> => {
      for await (const { objects } of server.store().list("")) given.push(...objects.map(({ key }) => key));
    };
    expect(await storeErrorOf(read())).toMatchObject({ code: "Unavailable", retryable: true });
    expect(new Set(given).size).toBe(given.length);
  });

  test.each([
    ["nothing", ""],
    ["an empty object", "{}"],
    ["half a page", '{"kind":"storage#objects","items":[{"name":"job/a","si'],
    ["a page of HTML", "<html></html>"],
    ["an error", '{"error":{"code":503,"message":"x"}}'],
    ["a key without its size", JSON.stringify({ kind: "storage#objects", items: [{ name: "job/a" }] })],
    ["items that are none", JSON.stringify({ kind: "storage#objects", items: "job/a" })],
    ["a token that is none", JSON.stringify({ kind: "storage#objects", nextPageToken: 7 })],
  ])("whose 200 holds %s is Unavailable, never empty", async (_, body) => {
    await using server = await scriptedServer(respondWith(200, body));
    expect(await storeErrorOf(server.store().list("").next())).toHaveProperty("code", "Unavailable");
    expect(server.requests).toHaveLength(1);
  });
});

test("a listing of keys that are not under its prefix is Failed", async () => {
  await using server = await scriptedServer(pages({ items: [{ name: "other/a", size: "1" }] }));
  expect(await storeErrorOf(server.store().list("").next())).toHaveProperty("code", "Failed");
});

async function all(store: GcsStore, options?: { readonly delimiter: "/" }): Promise<readonly ListPage[]> {
  return pagesOf(store.list("", options));
}
