import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { publicEntryPoints, writeReference } from "api-docs";
import { root, staged } from "./folders.ts";
import { rewriteLinks } from "./links.ts";
import { type Page, sitePages } from "./pages.ts";
import { addressesOf } from "./repository.ts";

async function write(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
}

async function stagePage(page: Page, pages: readonly Page[]): Promise<readonly string[]> {
  const text = await readFile(join(root, page.source), "utf8");
  const { sources } = addressesOf(process.env);
  const rewritten = rewriteLinks(page, text, { root, pages, sources });
  for (const picture of rewritten.pictures) {
    const copy = join(staged, picture.replace(/^docs\//, ""));
    await mkdir(dirname(copy), { recursive: true });
    await copyFile(join(root, picture), copy);
  }
  await write(join(staged, page.target), rewritten.text);
  return rewritten.missing;
}

/** Writes all pages, with their links rewritten. Returns what they link to that is not there. */
export async function stagePages(): Promise<readonly string[]> {
  const pages = await sitePages(root);
  const missing: string[] = [];
  for (const page of pages) missing.push(...(await stagePage(page, pages)));
  return missing;
}

/** Writes the pages and the API reference into an empty folder, and returns as `stagePages` does. */
export async function stageSite(): Promise<readonly string[]> {
  await rm(staged, { recursive: true, force: true });
  await writeReference(await publicEntryPoints(root), join(staged, "api"), "markdown");
  return stagePages();
}
