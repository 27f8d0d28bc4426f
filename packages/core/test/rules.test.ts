import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { sequences } from "../src/conformance/backend-suite/suite.ts";
import { rules } from "./rules/rules.ts";
import { filesByRule, sourceFolder } from "./rules/sources.ts";
import { takeOut } from "./rules/take-out.ts";

const docs = resolve(import.meta.dirname, "../../../docs");
const ids = rules.map(({ id }) => id);

test("every rule has one marker in the source, and every marker is a rule's", () => {
  expect([...filesByRule().keys()].toSorted()).toEqual(ids.toSorted());
});

test.for(rules)("$id can be taken out of the source as it is", ({ id, without }) => {
  const source = readFileSync(join(sourceFolder, filesByRule().get(id) ?? ""), "utf8");
  expect(takeOut(source, id, without)).not.toBe(source);
});

test("every rule stands in docs/protocol.md, under the heading that it names", () => {
  const sections = readFileSync(join(docs, "protocol.md"), "utf8").split(/^## /m);
  const misplaced = rules.filter(
    ({ id, section }) =>
      !sections.some((text) => text.startsWith(`${section}\n`) && text.includes(`\`${id}\``)),
  );
  expect(misplaced.map(({ id, section }) => `${id} under ${section}`)).toEqual([]);
});

test("every sequence of the backend suite names rules that there are", () => {
  const named = sequences.flatMap((sequence) => sequence.rules.map((id) => [sequence.id, id] as const));
  expect(named.filter(([, id]) => !ids.includes(id))).toEqual([]);
  expect(sequences.filter((sequence) => sequence.rules.length === 0)).toEqual([]);
});

test("docs/evidence/rules.md has a row, and a test, for every rule", () => {
  const rows = readFileSync(join(docs, "evidence/rules.md"), "utf8")
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) => line.split("|").map((cell) => cell.trim()));
  expect(rows.map(([, id]) => id)).toEqual(ids.map((id) => `\`${id}\``));
  expect(rows.filter(([, , , , missedBy]) => missedBy === "")).toEqual([]);
});
