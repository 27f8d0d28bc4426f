import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { rewriteLinks } from "../src/links.ts";
import type { Page } from "../src/pages.ts";

const guide: Page = { source: "docs/guide.md", target: "guide.md", section: "Guide", title: "Guide" };
const s3: Page = {
  source: "packages/s3/README.md",
  target: "packages/s3.md",
  section: "Packages",
  title: "@state/s3",
};
let root: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "state-site-"));
  await writeFile(join(root, "LICENSE"), "");
  await writeFile(join(root, "curve.svg"), "");
});

afterAll(() => rm(root, { recursive: true }));

function rewritten(page: Page, text: string, sources?: string) {
  return rewriteLinks(page, text, { root, pages: [guide, s3], sources });
}

test("a link to a page leads to where the page is on the site, and keeps its anchor", () => {
  expect(rewritten(s3, "See [it](../../docs/guide.md#codecs).").text).toBe("See [it](../guide.md#codecs).");
});

test("a link to a folder leads to the page made from its README", () => {
  expect(rewritten(guide, "| [`@state/s3`](../packages/s3) |").text).toBe(
    "| [`@state/s3`](./packages/s3.md) |",
  );
});

test("a link to a source leads to the repository", () => {
  const { text } = rewritten(guide, "[the licence](../LICENSE)", "https://git.example/o/n/blob/c0ffee/");
  expect(text).toBe("[the licence](https://git.example/o/n/blob/c0ffee/LICENSE)");
});

test("a link to a source keeps its words alone, if the repository is not known", () => {
  expect(rewritten(guide, "under [the *licence*](../LICENSE), all").text).toBe("under the *licence*, all");
});

test("a link inside of code is code", () => {
  const text = "`[a](../LICENSE)`\n\n```md\n[a](../LICENSE)\n```\n";
  expect(rewritten(guide, text).text).toBe(text);
});

test("a link to another site or within the page stays", () => {
  const text = "[a](https://git.example/a.md) and [b](#b)";
  expect(rewritten(guide, text)).toEqual({ text, pictures: [], missing: [] });
});

test("a link to what is not there is reported with its page", () => {
  expect(rewritten(guide, "[gone](gone.md)").missing).toEqual(["docs/guide.md: gone.md"]);
});

test("a picture is taken along", () => {
  const { text, pictures } = rewritten(guide, "![time](../curve.svg)");
  expect({ text, pictures }).toEqual({ text: "![time](./curve.svg)", pictures: ["curve.svg"] });
});
