import { execFile } from "node:child_process";
import { glob, readFile } from "node:fs/promises";
import { dirname, join, posix } from "node:path";
import { promisify } from "node:util";
import { type DefaultTreeAdapterTypes, parse } from "parse5";
import { beforeAll, expect, test } from "vitest";
import { built, root } from "../src/folders.ts";
import { type Page, sitePages } from "../src/pages.ts";

const base = "/state/";
const repository = "https://git.example/owner/name";

interface Html {
  readonly ids: ReadonlySet<string>;
  /** Where the links of the page lead to, and the pictures and scripts that it loads. */
  readonly references: readonly string[];
  readonly text: string;
}

let pages: readonly Page[];
/** Every page that was built, by its file in the folder. */
const html = new Map<string, Html>();

function read(text: string): Html {
  const ids = new Set<string>();
  const references: string[] = [];
  const visit = (node: DefaultTreeAdapterTypes.Node): void => {
    if ("attrs" in node) {
      for (const { name, value } of node.attrs) {
        if (name === "id") ids.add(value);
        if (name === "href" || name === "src") references.push(value);
      }
    }
    if ("childNodes" in node) for (const child of node.childNodes) visit(child);
  };
  visit(parse(text));
  return { ids, references, text };
}

/** The file that a host of static pages sends for a path below the base. */
function fileAt(path: string): string {
  if (path === "" || path.endsWith("/")) return `${path}index.html`;
  return posix.extname(path) === "" || path.startsWith("api/") ? `${path}.html` : path;
}

/** What is wrong with a reference on the page of `file`. */
function fault(file: string, reference: string, files: ReadonlySet<string>): string | undefined {
  const url = new URL(reference, `http://site.example${base}${file.replace(/(index)?\.html$/, "")}`);
  if (url.host !== "site.example") return undefined;
  if (!url.pathname.startsWith(base)) return `${file}: ${reference} is outside of ${base}`;
  const path = decodeURIComponent(url.pathname.slice(base.length));
  const target = [path, fileAt(path)].find((name) => files.has(name));
  if (target === undefined) return `${file}: nothing is at ${reference}`;
  const anchor = decodeURIComponent(url.hash.slice(1));
  const page = html.get(target);
  return anchor === "" || page === undefined || page.ids.has(anchor)
    ? undefined
    : `${file}: ${reference} has no such anchor`;
}

function builtFile(target: string): string {
  return target.replace(/\.md$/, ".html");
}

beforeAll(async () => {
  await promisify(execFile)(process.execPath, [join(root, "internal/site/src/build.ts")], {
    env: {
      ...process.env,
      GITHUB_SERVER_URL: "https://git.example",
      GITHUB_REPOSITORY: "owner/name",
      GITHUB_SHA: "c0ffee",
      SITE_URL: `https://pages.example${base}`,
    },
    maxBuffer: 1 << 26,
  });
  pages = await sitePages(root);
  for await (const file of glob("**/*.html", { cwd: built })) {
    html.set(file, read(await readFile(join(built, file), "utf8")));
  }
}, 600_000);

test("every page of the docs, the packages and the examples is built", async () => {
  const sources = ["README.md", "docs/**/*.md", "packages/*/README.md", "examples/*/README.md"];
  const found: string[] = [];
  for await (const file of glob(sources, { cwd: root })) {
    if (!file.startsWith("docs/api/")) found.push(file);
  }
  expect(pages.map(({ source }) => source).toSorted()).toEqual(found.toSorted());
  for (const { target } of pages) expect([...html.keys()]).toContain(builtFile(target));
});

test("every link and every anchor within the site leads somewhere", async () => {
  const files = new Set<string>();
  for await (const file of glob("**/*.*", { cwd: built })) files.add(file);
  const faults = [...html].flatMap(([file, { references }]) =>
    references.map((reference) => fault(file, reference, files)).filter((found) => found !== undefined),
  );
  expect(faults).toEqual([]);
  expect([...html.values()].flatMap(({ references }) => references).length).toBeGreaterThan(1_000);
});

test("a link to a source leads to the commit in the repository", () => {
  expect(html.get("index.html")?.references).toContain(`${repository}/blob/c0ffee/LICENSE`);
});

test("the navigation of each page leads to all others, and to the API reference", () => {
  const addresses = [...pages.map(({ target }) => target), "api/index.md"].map((target) => {
    const path = target.replace(/\.md$/, "");
    return base + (posix.basename(path) === "index" ? `${dirname(path)}/`.replace("./", "") : path);
  });
  for (const { target } of pages) {
    expect(html.get(builtFile(target))?.references).toEqual(expect.arrayContaining(addresses));
  }
});

test("the protocol's diagrams are drawn from their source", async () => {
  const source = await readFile(join(root, "docs/protocol.md"), "utf8");
  const drawn = html.get("protocol.html")?.text.match(/<pre class="diagram"/g) ?? [];
  expect(drawn.length).toBe(source.match(/^```mermaid$/gm)?.length);
});

test("llms.txt lists every page, and llms-full.txt has the text of all but the reference", async () => {
  const list = await readFile(join(built, "llms.txt"), "utf8");
  const full = await readFile(join(built, "llms-full.txt"), "utf8");
  for (const { target, source } of pages) {
    const listed = target.replace(/(?<=.)\/index\.md$/, ".md");
    expect(list).toContain(`(https://pages.example${base}${listed})`);
    const [title = ""] = /^# .+$/m.exec(await readFile(join(root, source), "utf8")) ?? [];
    expect(full).toContain(title);
  }
});
