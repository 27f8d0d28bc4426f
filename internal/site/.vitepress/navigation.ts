import { glob, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { DefaultTheme } from "vitepress";
import { type Page, type Section, sections } from "../src/pages.ts";

type Item = DefaultTheme.SidebarItem;

/** The address of a staged file, from the top of the site. */
function address(target: string): string {
  return `/${target.replace(/(?<=^|\/)index\.md$/, "").replace(/\.md$/, "")}`;
}

function group(text: Section, pages: readonly Page[]): Item {
  const items = pages
    .filter(({ section }) => section === text)
    .map((page) => ({ text: page.target === "index.md" ? "Start" : page.title, link: address(page.target) }));
  if (text === "Guide") {
    // Users of Kafka begin with its package, so it stands beside the guide too.
    items.splice(2, 0, { text: "Kafka", link: "/packages/kafka" });
  }
  return { text, items, ...(text !== "Guide" && { collapsed: text !== "Packages" }) };
}

/** The pages of the API reference that were staged, one an entry point. */
async function apiItems(staged: string): Promise<Item[]> {
  const items: { text: string; link: string }[] = [];
  for await (const file of glob("api/**/*.md", { cwd: staged })) {
    if (file === "api/index.md") continue;
    const title = /^# (.+)$/m.exec(await readFile(join(staged, file), "utf8"))?.[1] ?? file;
    items.push({ text: title.replaceAll("\\", ""), link: address(file) });
  }
  return items.toSorted((a, b) => a.text.localeCompare(b.text));
}

export async function sidebar(pages: readonly Page[], staged: string): Promise<Item[]> {
  const api = { text: "API reference", link: "/api/", collapsed: true, items: await apiItems(staged) };
  return [...sections.map((section) => group(section, pages)), api];
}

export function topBar(pages: readonly Page[]): DefaultTheme.NavItem[] {
  const packages = pages
    .filter(({ section }) => section === "Packages")
    .map((page) => ({ text: page.title, link: address(page.target) }));
  return [
    { text: "Guide", link: "/guide" },
    { text: "Kafka", link: "/packages/kafka" },
    { text: "Operations", link: "/operations" },
    { text: "Protocol", link: "/protocol" },
    { text: "Packages", items: packages },
    {
      text: "More",
      items: [
        { text: "The store contract", link: "/store-contract" },
        { text: "Writing an adapter", link: "/writing-an-adapter" },
        { text: "Decisions", link: "/decisions/" },
        { text: "Evidence", link: "/evidence/situations" },
      ],
    },
    { text: "API", link: "/api/" },
  ];
}
