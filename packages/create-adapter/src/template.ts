import type { Names } from "./names.ts";

/** The text of each file of a project, by its path. */
export type Template = Readonly<Record<string, string>>;

export interface ProjectOptions {
  readonly names: Names;
  /** What `@state/core` is installed from. By default npm takes the newest that the peer range admits. */
  readonly core?: string;
}

/** The files of the user's project: the example's, under the user's names. */
export function projectOf(template: Template, { names, core }: ProjectOptions): Template {
  const files: [string, string][] = [];
  for (const [path, text] of Object.entries(template)) {
    const renamed = rename(path === "README.md" ? withoutRepositoryLinks(text) : text, names);
    files.push([path, path === "package.json" ? manifestOf(renamed, core) : renamed]);
  }
  return Object.fromEntries(files);
}

/** In this order: a temporary folder of the tests begins with the name, and may hold no `/`. */
function rename(text: string, { packageName, shortName, className }: Names): string {
  return text
    .replaceAll("state-sqlite-", `${shortName}-`)
    .replaceAll("state-sqlite", packageName)
    .replaceAll("SqliteStore", className)
    .replaceAll(/(?<=["`])sqlite:/g, `${shortName}:`);
}

/** Leaves out the paragraphs that lead to other files of the example's repository. */
function withoutRepositoryLinks(text: string): string {
  return text
    .split("\n\n")
    .filter((paragraph) => !paragraph.includes("](../"))
    .join("\n\n");
}

function manifestOf(text: string, core: string | undefined): string {
  if (core === undefined) return text;
  const manifest = JSON.parse(text) as { devDependencies: Record<string, string> };
  const devDependencies = { "@state/core": core, ...manifest.devDependencies };
  return `${JSON.stringify({ ...manifest, devDependencies }, null, 2)}\n`;
}
