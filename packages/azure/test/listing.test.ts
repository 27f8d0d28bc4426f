import { describe, expect, test } from "vitest";
import type { ListPage } from "@state/core";
import { AzureStore } from "../src/index.ts";
import { page, scriptedServer, xml } from "./support/scripted-server.ts";
import type { Script } from "./support/scripted-server.ts";

/** Sends page after page, by the marker of the request. */
function pages(scripts: Readonly<Record<string, Script>>): Script {
  return (response, received) => {
    const marker = new URL(received.url, "http://x").searchParams.get("marker") ?? "";
    scripts[marker]?.(response, received);
  };
}

async function listed(script: Script, delimiter?: "/"): Promise<{ pages: ListPage[]; error: unknown }> {
  await using server = await scriptedServer(script);
  const store = new AzureStore({ container: server.container(), prefix: "p" });
  const found: ListPage[] = [];
  try {
    for await (const one of store.list("", { delimiter })) found.push(one);
    return { pages: found, error: undefined };
  } catch (error) {
    return { pages: found, error };
  }
}

const keysOf = (found: readonly ListPage[]): string[] =>
  found.flatMap(({ objects }) => objects.map(({ key }) => key));

describe("a listing", () => {
  test("asks for a page when it is asked for one, never before", async () => {
    await using server = await scriptedServer(
      pages({ "": page(["p/a", "p/b"], "one"), one: page([], "two"), two: page(["p/c"], "") }),
    );
    const store = new AzureStore({ container: server.container(), prefix: "p" });
    const listing = store.list("");
    expect(server.received).toHaveLength(0);
    for (const [count, keys] of [["a", "b"], [], ["c"]].entries()) {
      expect(keysOf([(await listing.next()).value ?? { objects: [], prefixes: [] }])).toEqual(keys);
      expect(server.received).toHaveLength(count + 1);
    }
    expect(await listing.next()).toEqual({ done: true, value: undefined });
    expect(server.received).toHaveLength(3);
    for (const { url } of server.received) expect(url).toContain("maxresults=5000");
    expect(server.received[0]?.url).toContain(`prefix=${encodeURIComponent("p/")}`);
  });

  test("leaves out names that are no keys", async () => {
    const { pages: found, error } = await listed(page(["p/", "p/.staging-x", "p/a", "p/a b"], ""));
    expect(error).toBeUndefined();
    expect(keysOf(found)).toEqual(["a"]);
  });

  test("asks for what shows a directory", async () => {
    await using server = await scriptedServer(page([], ""));
    const store = new AzureStore({ container: server.container() });
    await store.list("").next();
    await store.list("", { delimiter: "/" }).next();
    for (const { url, headers } of server.received) {
      expect(url).toContain("include=metadata");
      expect(headers.accept).toBe("application/xml");
    }
  });

  test("with the delimiter gives folders whole, beside the keys, but those that no key can be in", async () => {
    const folders = ["p/.staging-x/", "p/a b/", "p/b/", "p/d/"]
      .map((name) => `<BlobPrefix><Name>${name}</Name></BlobPrefix>`)
      .join("");
    const { pages: found } = await listed(page(["p/a", "p/c"], "", folders), "/");
    expect(found).toEqual([
      {
        objects: [
          { key: "a", size: 1 },
          { key: "c", size: 1 },
        ],
        prefixes: ["b/", "d/"],
      },
    ]);
  });

  test.each<readonly [string, Script, readonly string[]]>([
    [
      "a page that is repeated",
      pages({ "": page(["p/a", "p/b"], "one"), one: page(["p/a", "p/b"], "two") }),
      ["a", "b"],
    ],
    ["an empty page that names itself as the next", pages({ "": page([], "one"), one: page([], "one") }), []],
    [
      "empty pages that go round",
      pages({ "": page([], "one"), one: page([], "two"), two: page([], "one") }),
      [],
    ],
    ["a page that goes back", pages({ "": page(["p/c"], "one"), one: page(["p/b"], "") }), ["c"]],
    [
      "a page that begins with the last of the one before",
      pages({ "": page(["p/a", "p/b"], "one"), one: page(["p/b", "p/c"], "") }),
      ["a", "b"],
    ],
    [
      "a later page without its marker",
      pages({ "": page(["p/a"], "one"), one: page(["p/b"], undefined) }),
      ["a"],
    ],
    ["a page that is not in order", page(["p/b", "p/a"], ""), []],
    ["a page without its marker", page(["p/a"], undefined), []],
    ["a page without items", xml("<EnumerationResults><NextMarker/></EnumerationResults>"), []],
    ["a page without anything", xml("<EnumerationResults/>"), []],
    ["a response of another kind", xml("<Welcome/>"), []],
    ["no body", xml(""), []],
    ["a page that ends early", xml("<EnumerationResults><Blobs><Blob><Name>p/a</Na"), []],
    [
      "a blob without a size",
      xml(
        "<EnumerationResults><Blobs><Blob><Name>p/a</Name><Properties/></Blob></Blobs><NextMarker/></EnumerationResults>",
      ),
      [],
    ],
  ])("ends with Unavailable at %s, after what came before", async (_, script, before) => {
    const { pages: found, error } = await listed(script);
    expect(error).toMatchObject({ code: "Unavailable" });
    expect(keysOf(found)).toEqual(before);
  });

  test("ends with Failed at names that were not asked for", async () => {
    const { pages: found, error } = await listed(page(["q/a"], ""));
    expect(error).toMatchObject({ code: "Failed", message: expect.stringContaining("q/a") });
    expect(found).toEqual([]);
  });
});
