import { existsSync } from "node:fs";
import { join, posix } from "node:path";
import { fromMarkdown } from "mdast-util-from-markdown";
import type { Page } from "./pages.ts";

export interface Rewriting {
  /** The folder of the repository. */
  readonly root: string;
  readonly pages: readonly Page[];
  /** Where a reader finds the sources, up to a path: `https://…/owner/name/blob/<commit>/`. */
  readonly sources: string | undefined;
}

export interface Rewritten {
  readonly text: string;
  /** The pictures that the page shows, as paths in the repository. */
  readonly pictures: readonly string[];
  /** What links name that is not there. */
  readonly missing: readonly string[];
}

interface Span {
  readonly start: number;
  readonly end: number;
}

interface Link extends Span {
  readonly kind: "link" | "image";
  readonly url: string;
  /** What stands between the brackets. */
  readonly label: Span | undefined;
}

interface Point {
  readonly offset?: number | undefined;
}

interface Node {
  readonly type: string;
  readonly url?: string;
  readonly children?: readonly Node[];
  readonly position?: { readonly start: Point; readonly end: Point } | undefined;
}

function span(node: Node | undefined): Span | undefined {
  const start = node?.position?.start.offset;
  const end = node?.position?.end.offset;
  return start === undefined || end === undefined ? undefined : { start, end };
}

function* linksIn(node: Node): Generator<Link> {
  const whole = span(node);
  if (node.url !== undefined && whole !== undefined && (node.type === "link" || node.type === "image")) {
    const first = span(node.children?.at(0));
    const last = span(node.children?.at(-1));
    const label = first && last && { start: first.start, end: last.end };
    yield { kind: node.type, url: node.url, ...whole, label };
  }
  for (const child of node.children ?? []) yield* linksIn(child);
}

/** The page that a path of the repository is on: its own, or that of the folder's README. */
function pageAt(pages: readonly Page[], path: string): Page | undefined {
  const readme = path === "." ? "README.md" : `${path}/README.md`;
  return pages.find(({ source }) => source === path || source === readme);
}

/** The links of `page` as they have to be on the site; its text is `text`. */
export function rewriteLinks(page: Page, text: string, rewriting: Rewriting): Rewritten {
  const { root, pages, sources } = rewriting;
  const pictures: string[] = [];
  const missing: string[] = [];
  let written = "";
  let at = 0;
  const replace = ({ start, end }: Span, by: string): void => {
    written += text.slice(at, start) + by;
    at = end;
  };

  for (const link of linksIn(fromMarkdown(text))) {
    if (link.url.startsWith("#") || /^[a-z][a-z+.-]*:/i.test(link.url)) continue;
    const [path = "", anchor] = link.url.split("#");
    const file = posix.join(posix.dirname(page.source), path).replace(/\/$/, "");
    const destination = { start: text.lastIndexOf(link.url, link.end), end: 0 };
    destination.end = destination.start + link.url.length;
    const from = posix.dirname(page.target);
    const suffix = anchor === undefined ? "" : `#${anchor}`;
    const target = pageAt(pages, file);
    if (target !== undefined) {
      const relative = posix.relative(from, target.target);
      replace(destination, (relative.startsWith(".") ? relative : `./${relative}`) + suffix);
    } else if (!existsSync(join(root, file))) {
      missing.push(`${page.source}: ${link.url}`);
    } else if (link.kind === "image") {
      pictures.push(file);
      replace(destination, `./${posix.relative(from, file.replace(/^docs\//, ""))}`);
    } else if (sources !== undefined) {
      replace(destination, `${sources}${file}${suffix}`);
    } else if (link.label !== undefined) {
      // Nobody knows where the source is: the words stay.
      replace(link, text.slice(link.label.start, link.label.end));
    }
  }
  return { text: written + text.slice(at), pictures, missing };
}
