import { glob, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Template } from "../src/template.ts";

/** The example that the template is made of. */
export const example: string = resolve(import.meta.dirname, "../../../examples/adapter-sqlite");

const parts = ["*.json", "*.md", ".gitignore", "src/**/*.ts", "test/**/*.ts"];

/** The example's files as they are, without what its installs and builds leave behind. */
export async function readExample(): Promise<Template> {
  const template: Record<string, string> = {};
  for await (const path of glob(parts, { cwd: example, exclude: ["package-lock.json"] })) {
    template[path] = await readFile(join(example, path), "utf8");
  }
  return Object.fromEntries(Object.entries(template).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
