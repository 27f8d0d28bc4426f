import { glob, readFile } from "node:fs/promises";
import { dirname, join, posix, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import {
  Application,
  Converter,
  LogLevel,
  ReflectionKind,
  TSConfigReader,
  type TypeDocOptions,
} from "typedoc";
import type { PluginOptions } from "typedoc-plugin-markdown";

/** The file behind each name that users import, such as `@state/core/conformance`. */
export type EntryPoints = ReadonlyMap<string, string>;

/** The entry points of every public package, as their manifests list them. */
export async function publicEntryPoints(root: string): Promise<EntryPoints> {
  const found: [string, string][] = [];
  for await (const file of glob("packages/*/package.json", { cwd: root })) {
    const manifest = JSON.parse(await readFile(join(root, file), "utf8")) as {
      name: string;
      private?: boolean;
      exports?: Record<string, string | Record<string, string>>;
    };
    if (manifest.private) continue;
    for (const [path, target] of Object.entries(manifest.exports ?? {})) {
      const source = typeof target === "string" ? undefined : target["@state/source"];
      if (source !== undefined) {
        found.push([posix.join(manifest.name, path), resolve(root, dirname(file), source)]);
      }
    }
  }
  return new Map(found.toSorted(([a], [b]) => a.localeCompare(b)));
}

function packageOf(entry: string): string {
  const parts = entry.split("/");
  return parts.slice(0, entry.startsWith("@") ? 2 : 1).join("/");
}

/** What typedoc writes: pages that a browser opens, or Markdown for a site, one page an entry point. */
export type ReferenceFormat = "html" | "markdown";

const markdownOptions: Partial<TypeDocOptions & PluginOptions> = {
  // By its file: typedoc does not see what this package depends on.
  plugin: [fileURLToPath(import.meta.resolve("typedoc-plugin-markdown"))],
  router: "module",
  entryFileName: "index",
  hidePageHeader: true,
  hideBreadcrumbs: true,
  // What looks like an element in a doc comment is text.
  sanitizeComments: true,
  useCodeBlocks: true,
  useHTMLEncodedBrackets: true,
  // Anchors of its own, so that links do not count on how a site makes them of headings.
  useHTMLAnchors: true,
  parametersFormat: "table",
  pageTitleTemplates: { index: "API reference", module: ({ name }) => name },
};

/** Writes the reference of `entries` to the folder `out`. Rejects also if typedoc only warns. */
export async function writeReference(
  entries: EntryPoints,
  out: string,
  format: ReferenceFormat = "html",
): Promise<void> {
  const files = [...entries.values()];
  const app = await Application.bootstrapWithPlugins(
    {
      name: "@state",
      entryPoints: files,
      tsconfig: join(import.meta.dirname, "../tsconfig.json"),
      readme: "none",
      // Links to the sources need the repository's address, which a clone may not have.
      disableSources: true,
      excludeInternal: true,
      excludePrivate: true,
      githubPages: false,
      plugin: [],
      ...(format === "markdown" && markdownOptions),
      validation: { notExported: true, invalidLink: true, rewrittenLink: true, notDocumented: false },
    },
    [new TSConfigReader()],
  );
  const problems = new Set<string>();
  app.logger.level = LogLevel.None;
  app.logger.log = (message, level) => {
    if (level === LogLevel.Warn || level === LogLevel.Error) problems.add(message);
  };

  // Only the options of the tsconfig count, not its files: a mistake in them is not one in the reference.
  app.options.setCompilerOptions(files, app.options.getCompilerOptions(app.logger), undefined);

  // typedoc names a module by its path; users know it by what they import.
  const names = new Map([...entries].map(([name, file]) => [file, name]));
  app.converter.on(Converter.EVENT_CREATE_DECLARATION, (context, reflection) => {
    if (!reflection.kindOf(ReflectionKind.Module)) return;
    const file = context.getSymbolFromReflection(reflection)?.declarations?.[0]?.getSourceFile().fileName;
    const name = names.get(resolve(file ?? ""));
    if (name !== undefined) reflection.name = name;
  });

  const project = await app.convert();
  if (project !== undefined) {
    // typedoc finds missing exports in the project's own package only, so each is that package once.
    for (const name of new Set([...entries.keys()].map(packageOf))) {
      project.packageName = name;
      app.validate(project);
    }
    delete project.packageName;
    if (problems.size === 0) await app.outputs.writeOutput({ name: format, path: out }, project);
  }
  if (project === undefined || problems.size > 0) {
    throw new Error(`typedoc wrote no reference that can be relied on:\n${[...problems].join("\n")}`);
  }
}
