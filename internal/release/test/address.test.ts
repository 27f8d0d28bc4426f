import { glob, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { addressOf, originOf, withAbsoluteLinks } from "../src/address.ts";
import { publicPackages, root } from "../src/tarballs.ts";

const commit = "0123456789abcdef0123456789abcdef01234567";
const run = { GITHUB_SERVER_URL: "https://git.example", GITHUB_REPOSITORY: "a/b", GITHUB_SHA: commit };
const address = { url: "https://git.example/a/b", commit };

/** A README of `packages/fs`, as it would be published. */
function links(text: string): string {
  return withAbsoluteLinks(text, "packages/fs", address, root);
}

describe("the address of a release", () => {
  test("is that of the repository that the workflow runs in", () => {
    expect(addressOf(run)).toEqual(address);
    expect(originOf(address, "packages/fs")).toEqual({
      repository: { type: "git", url: "git+https://git.example/a/b.git", directory: "packages/fs" },
      homepage: `https://git.example/a/b/tree/${commit}/packages/fs#readme`,
      bugs: { url: "https://git.example/a/b/issues" },
    });
  });

  test.each(Object.keys(run))("is unknown without %s, and what publishes says so", (name) => {
    expect(() => addressOf({ ...run, [name]: "" })).toThrow(`${name} is not set`);
  });

  test.each([
    { GITHUB_REPOSITORY: "b" },
    { GITHUB_SERVER_URL: "http://git.example" },
    { GITHUB_SHA: "main" },
  ])("is refused if it is none: %j", (wrong) => {
    expect(() => addressOf({ ...run, ...wrong })).toThrow(/is no/);
  });

  test("is in no file of this repository", async () => {
    for await (const file of glob(["package.json", "packages/*/package.json"], { cwd: root })) {
      const manifest = Object.keys(JSON.parse(await readFile(join(root, file), "utf8")) as object);
      expect(manifest, file).not.toEqual(expect.arrayContaining(["repository"]));
      expect(manifest, dirname(file)).not.toEqual(expect.arrayContaining(["homepage"]));
    }
  });
});

describe("a README on npm's page", () => {
  test("leads into the repository by links that are not relative", () => {
    expect(
      links("see\n[a\nguide](../../docs/guide.md#compress-and-encrypt), [core](../core/README.md)"),
    ).toBe(
      `see\n[a\nguide](${address.url}/blob/${commit}/docs/guide.md#compress-and-encrypt), ` +
        `[core](${address.url}/blob/${commit}/packages/core/README.md)`,
    );
  });

  test("keeps code, other sites and places in the page itself", () => {
    const kept = "[x](https://a.example/b) [y](#options) `[a](b)`\n\n```ts\nconst a = [b](../c);\n```\n";
    expect(links(kept)).toBe(kept);
  });

  test.each(["../../docs/none.md", "../../../elsewhere.md"])("cannot lead to nothing: %s", (path) => {
    expect(() => links(`[a](${path})`)).toThrow("which is not in the repository");
  });

  test.each(publicPackages)("of $name has no relative link left", async ({ folder, name }) => {
    const readme = await readFile(join(folder, "README.md"), "utf8");
    const published = withAbsoluteLinks(readme, `packages/${name.slice(7)}`, address, root);
    expect(published).not.toMatch(/\]\(\.\.?\//);
  });
});
