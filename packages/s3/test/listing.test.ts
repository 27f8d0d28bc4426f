import type { ListPage } from "@state/core";
import { respondWith, type Script, storeErrorOf } from "@state/servers/testing";
import { describe, expect, test } from "vitest";
import { listBody, scriptedServer } from "./support/scripted-server.ts";

const truncated = (token: string): string =>
  `<IsTruncated>true</IsTruncated><NextContinuationToken>${token}</NextContinuationToken>`;

const folders = (name: string): string =>
  `<IsTruncated>false</IsTruncated><CommonPrefixes><Prefix>${name}</Prefix></CommonPrefixes>`;

function pages(...bodies: readonly string[]): Script {
  return (request, response, number) => respondWith(200, bodies[number - 1])(request, response, number);
}

async function all(listing: AsyncIterable<ListPage>): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const { objects, prefixes } of listing) {
    names.push(...objects.map((object) => object.key), ...prefixes);
  }
  return names;
}

describe("a listing", () => {
  test("asks for a page when it is wanted, by the token of the one before", async () => {
    await using server = await scriptedServer(
      pages(listBody(["job/a/1"], truncated("one")), listBody([], truncated("two")), listBody(["job/a/2"])),
    );
    const listing = server.store().list("a/", { delimiter: "/" })[Symbol.asyncIterator]();
    expect(server.requests).toHaveLength(0);
    await expect(listing.next()).resolves.toMatchObject({ value: { objects: [{ key: "a/1", size: 1 }] } });
    expect(server.requests).toEqual(["GET /bucket/?delimiter=%2F&list-type=2&prefix=job%2Fa%2F"]);
    await expect(listing.next()).resolves.toEqual({ done: false, value: { objects: [], prefixes: [] } });
    expect(server.requests[1]).toContain("continuation-token=one");
    await expect(listing.next()).resolves.toMatchObject({ value: { objects: [{ key: "a/2" }] } });
    expect(server.requests[2]).toContain("continuation-token=two");
    await expect(listing.next()).resolves.toHaveProperty("done", true);
    expect(server.requests).toHaveLength(3);
  });

  test("reports a bad prefix and a failure at next()", async () => {
    await using server = await scriptedServer(respondWith(200));
    const bad = server.store().list("no-slash");
    await expect(storeErrorOf(all(bad))).resolves.toHaveProperty("code", "InvalidKey");
    expect(server.requests).toEqual([]);
    await expect(storeErrorOf(all(server.store().list("")))).resolves.toHaveProperty("code", "Unavailable");
  });

  test.each([
    ["does not say whether it is the last", listBody(["job/a"], "")],
    ["is cut", listBody(["job/a"]).slice(0, -10)],
    ["is empty XML", "<ListBucketResult/>"],
    ["is not the last and has no token", listBody(["job/a"], "<IsTruncated>true</IsTruncated>")],
    ["has a key twice", listBody(["job/a", "job/a"])],
    ["has keys out of order", listBody(["job/b", "job/a"])],
    [
      "has an object without a size",
      listBody([]).replace("</List", "<Contents><Key>job/a</Key></Contents></List"),
    ],
    [
      "has an object without a key",
      listBody([]).replace("</List", "<Contents><Size>1</Size></Contents></List"),
    ],
  ])("is Unavailable when a page %s", async (_, body) => {
    await using server = await scriptedServer(respondWith(200, body));
    await expect(storeErrorOf(all(server.store().list("")))).resolves.toHaveProperty("code", "Unavailable");
    expect(server.requests).toHaveLength(1);
  });

  test("is Unavailable when a page comes twice, or leads to itself", async () => {
    const page = listBody(["job/a", "job/b"], truncated("one"));
    await using twice = await scriptedServer(pages(page, page.replace("one", "two")));
    await expect(storeErrorOf(all(twice.store().list("")))).resolves.toHaveProperty("code", "Unavailable");
    const empty = listBody([], truncated("one"));
    await using circle = await scriptedServer(pages(empty, empty));
    await expect(storeErrorOf(all(circle.store().list("")))).resolves.toHaveProperty("code", "Unavailable");
    expect(circle.requests).toHaveLength(2);
    const next = listBody(["job/folder/"], truncated("two"));
    await using round = await scriptedServer(pages(empty, next, empty, next));
    await expect(storeErrorOf(all(round.store().list("")))).resolves.toHaveProperty("code", "Unavailable");
    expect(round.requests).toHaveLength(3);
    await using lost = await scriptedServer(pages(empty, listBody([], "<IsTruncated>true</IsTruncated>")));
    await expect(storeErrorOf(all(lost.store().list("")))).resolves.toHaveProperty("code", "Unavailable");
    expect(lost.requests).toHaveLength(2);
  });

  test("is Unavailable when a folder comes twice", async () => {
    const folder = "<CommonPrefixes><Prefix>job/a/</Prefix></CommonPrefixes>";
    await using server = await scriptedServer(
      pages(listBody([], truncated("one") + folder), listBody([], folders("job/a/"))),
    );
    await expect(storeErrorOf(all(server.store().list("", { delimiter: "/" })))).resolves.toHaveProperty(
      "code",
      "Unavailable",
    );
  });

  test("is refused when keys come from outside the prefix, or encoded", async () => {
    await using outside = await scriptedServer(respondWith(200, listBody(["jobs/a"])));
    await expect(storeErrorOf(all(outside.store().list("")))).resolves.toHaveProperty("code", "Failed");
    await using beside = await scriptedServer(respondWith(200, listBody(["job/b/1"])));
    await expect(storeErrorOf(all(beside.store().list("a/")))).resolves.toHaveProperty("code", "Failed");
    const encoded = listBody(
      ["job/epoch%3D1"],
      "<IsTruncated>false</IsTruncated><EncodingType>url</EncodingType>",
    );
    await using url = await scriptedServer(respondWith(200, encoded));
    await expect(storeErrorOf(all(url.store().list("")))).resolves.toHaveProperty("code", "Failed");
  });

  test.each([
    ["not made, though they were asked for", { delimiter: "/" }, listBody(["job/a/b/1"])],
    ["made deeper than they were asked for", { delimiter: "/" }, listBody([], folders("job/a/b/c/"))],
    ["made, though nobody asked for them", {}, listBody([], folders("job/a/b/"))],
  ] as const)("is refused when folders are %s", async (_, options, body) => {
    await using server = await scriptedServer(respondWith(200, body));
    await expect(storeErrorOf(all(server.store().list("a/", options)))).resolves.toHaveProperty(
      "code",
      "Failed",
    );
  });

  test("passes over what is no key of the store: a console's folders, and names outside the grammar", async () => {
    const strange = "<CommonPrefixes><Prefix>job//</Prefix></CommonPrefixes>";
    await using server = await scriptedServer(
      respondWith(
        200,
        listBody(
          ["job/", "job/a", "job/a b", "job/c/", "job/d"],
          `<IsTruncated>false</IsTruncated>${strange}`,
        ),
      ),
    );
    await expect(all(server.store().list(""))).resolves.toEqual(["a", "d"]);
  });

  test("gives keys as they are, whatever XML makes of them", async () => {
    await using server = await scriptedServer(
      respondWith(200, listBody(["a&amp;b&lt;/1", "a&#38;b&#x3c;/epoch=2"])),
    );
    await expect(all(server.store({ prefix: "a&b<" }).list(""))).resolves.toEqual(["1", "epoch=2"]);
  });
});
