import { glob, readFile } from "node:fs/promises";
import { basename, dirname, join, posix } from "node:path";

/** The parts of the navigation, in its order. */
export const sections = ["Guide", "Packages", "Examples", "Decisions", "Evidence"] as const;
export type Section = (typeof sections)[number];

export interface Page {
  /** The file in the repository, such as `packages/s3/README.md`. */
  readonly source: string;
  /** The file on the site, such as `packages/s3.md`. */
  readonly target: string;
  readonly section: Section;
  readonly title: string;
}

/** The order of the guide; a page that is not named here comes after those that are. */
const guideOrder = [
  "README.md",
  "docs/guide.md",
  "docs/operations.md",
  "docs/protocol.md",
  "docs/store-contract.md",
  "docs/writing-an-adapter.md",
];

const patterns = [
  "README.md",
  "docs/*.md",
  "docs/decisions/*.md",
  "docs/evidence/*.md",
  "packages/*/README.md",
  "examples/*/README.md",
];

function place(source: string): Pick<Page, "target" | "section"> {
  if (source === "README.md") return { target: "index.md", section: "Guide" };
  const folder = dirname(source);
  if (source.startsWith("packages/")) return { target: `${folder}.md`, section: "Packages" };
  if (source.startsWith("examples/")) return { target: `${folder}.md`, section: "Examples" };
  const target = posix.relative("docs", source).replace(/README\.md$/, "index.md");
  if (folder === "docs/decisions") return { target, section: "Decisions" };
  if (folder === "docs/evidence") return { target, section: "Evidence" };
  return { target, section: "Guide" };
}

function titleOf(text: string, source: string): string {
  const title = /^# (.+)$/m.exec(text)?.[1];
  if (title === undefined) throw new Error(`${source} has no line "# title"`);
  return title.replaceAll("`", "");
}

/** Positions in a list of what it names; what it does not name comes last, by the name. */
function inOrder(order: (page: Page) => number, pages: readonly Page[]): Page[] {
  const position = (page: Page): number => {
    const found = order(page);
    return found === -1 ? Number.MAX_SAFE_INTEGER : found;
  };
  return pages.toSorted((a, b) => position(a) - position(b) || a.source.localeCompare(b.source));
}

/** All pages of the site but the API reference, in the order of the navigation. */
export async function sitePages(root: string): Promise<readonly Page[]> {
  const found: Page[] = [];
  for await (const source of glob(patterns, { cwd: root })) {
    const text = await readFile(join(root, source), "utf8");
    found.push({ source, ...place(source), title: titleOf(text, source) });
  }
  const decisions = await readFile(join(root, "docs/decisions/README.md"), "utf8");
  const order = (page: Page): number => {
    if (page.section === "Decisions") {
      return page.target === "decisions/index.md" ? 0 : decisions.indexOf(`(${basename(page.source)})`);
    }
    return page.section === "Guide" ? guideOrder.indexOf(page.source) : 0;
  };
  return sections.flatMap((section) =>
    inOrder(
      order,
      found.filter((page) => page.section === section),
    ),
  );
}
