import { access, glob, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { publicEntryPoints, writeReference } from "../src/reference.ts";

const root = resolve(import.meta.dirname, "../../..");
let scratch: string;
/** The folder of this workspace's reference. */
let out: string;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "state-api-docs-"));
  out = join(scratch, "api");
  // The files are ES modules, as those of this workspace.
  await writeFile(join(scratch, "package.json"), '{ "type": "module" }');
});

afterAll(() => rm(scratch, { recursive: true }));

/** Every name between the braces of the `export` statements of a file: the sources have no `export *`. */
async function exportedNames(file: string): Promise<string[]> {
  const text = await readFile(file, "utf8");
  const lists = [...text.matchAll(/^export (?:type )?\{([^}]*)\}/gm)].map(([, list]) => list ?? "");
  return lists.flatMap((list) => list.match(/\w+(?=\s*(?:,|$))/g) ?? []).toSorted();
}

async function pages(folder: string, entry: string): Promise<string[]> {
  const prefix = `${entry.replaceAll(/[^\w-]/g, "_")}.`;
  const found: string[] = [];
  for await (const page of glob("*/*.html", { cwd: folder })) {
    const name = basename(page, ".html");
    if (name.startsWith(prefix)) found.push(name.slice(prefix.length));
  }
  return found.toSorted();
}

describe("the API reference", () => {
  beforeAll(async () => {
    await writeReference(await publicEntryPoints(root), out);
  }, 240_000);

  test("is of every entry point that a public package has", async () => {
    const names = [...(await publicEntryPoints(root)).keys()];
    expect(names).toEqual(
      expect.arrayContaining(["@state/core", "@state/core/conformance", "@state/fs", "@state/memory"]),
    );
    const index = await readFile(join(out, "index.html"), "utf8");
    for (const name of names) expect(index).toContain(name);
  });

  test("has a page for every name that an entry point exports, and for no other", async () => {
    for (const [name, file] of await publicEntryPoints(root)) {
      const exported = await exportedNames(file);
      expect(exported.length).toBeGreaterThan(0);
      expect(await pages(out, name)).toEqual(exported);
    }
  });

  test("of core explains its class", async () => {
    const page = await readFile(join(out, "classes/_state_core.ObjectStoreBackend.html"), "utf8");
    expect(page).toContain("epochComplete");
    expect(page).toContain("takeover");
  });
});

describe("a source that typedoc warns about", () => {
  test("fails for a link to nowhere, and writes nothing", { timeout: 60_000 }, async () => {
    const file = join(scratch, "link.ts");
    await writeFile(file, "/** See {@link Nowhere}. */\nexport const somewhere = 1;\n");
    const folder = join(scratch, "link");
    await expect(writeReference(new Map([["link", file]]), folder)).rejects.toThrow("Nowhere");
    await expect(access(folder)).rejects.toMatchObject({ code: "ENOENT" });
  });

  test("fails for a type that is used in public and not exported", { timeout: 60_000 }, async () => {
    const entries = new Map<string, string>();
    for (const name of ["@two/first", "@two/second"]) {
      const folder = join(scratch, name);
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, "package.json"), JSON.stringify({ name, type: "module" }));
      const source = `interface Hidden { a: "${name}" }\nexport const shown: Hidden = { a: "${name}" };\n`;
      await writeFile(join(folder, "index.ts"), source);
      entries.set(name, join(folder, "index.ts"));
    }
    const written = writeReference(entries, join(scratch, "missing"));
    await expect(written).rejects.toThrow(
      /Hidden, defined in @two\/first[^]*Hidden, defined in @two\/second/,
    );
  });

  test("fails for a type error", { timeout: 60_000 }, async () => {
    const file = join(scratch, "wrong.ts");
    await writeFile(file, 'export const wrong: number = "one";\n');
    const entries = new Map([["wrong", file]]);
    await expect(writeReference(entries, join(scratch, "wrong"))).rejects.toThrow("not assignable");
  });
});
