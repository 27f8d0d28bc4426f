import { globSync } from "node:fs";
import { glob, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { root } from "../src/tarballs.ts";

interface Field {
  readonly type: string;
  readonly id?: string;
  readonly attributes: { readonly label?: string; readonly value?: string; readonly description?: string };
}

interface Form {
  readonly name: string;
  readonly description: string;
  readonly body: readonly Field[];
}

const forms: [string, Form][] = [];
for await (const file of glob(".github/ISSUE_TEMPLATE/*.yml", { cwd: root })) {
  if (file.endsWith("/config.yml")) continue;
  forms.push([file, parse(await readFile(join(root, file), "utf8"), { uniqueKeys: true }) as Form]);
}

describe.each(forms)("the form %s", (_file, { name, description, body }) => {
  // GitHub shows no form at all if one of these is missing.
  test("has what GitHub asks of a form", () => {
    expect(name.length * description.length).toBeGreaterThan(0);
    const fields = body.filter(({ type }) => type !== "markdown");
    expect(fields.length).toBeGreaterThan(0);
    expect(new Set(fields.map(({ id }) => id)).size).toBe(fields.length);
    for (const { attributes } of fields) expect(attributes.label).toBeTruthy();
  });

  test("names only commands and pages that are there", () => {
    const text = body
      .map(({ attributes }) => `${attributes.value ?? ""} ${attributes.description ?? ""}`)
      .join(" ");
    for (const [page] of text.matchAll(/\bdocs\/[\w-]+(?:\.md)?|[A-Z]+\.md/g)) {
      expect(globSync(page, { cwd: root }), page).toEqual([page]);
    }
    for (const [, command] of text.matchAll(/npx state (\w+)/g)) {
      const file = `packages/cli/src/commands/${command}.ts`;
      expect(globSync(file, { cwd: root }), file).toEqual([file]);
    }
  });
});
