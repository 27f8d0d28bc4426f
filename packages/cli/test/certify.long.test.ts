import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FsStore } from "@state/fs";
import { storeCases } from "@state/core/conformance";
import { runState } from "./world.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "state-certify-"));
});

afterEach(() => rm(folder, { recursive: true }));

test("FsStore in a folder is certified", async () => {
  const [badge, report] = [join(folder, "badge.svg"), join(folder, "report.json")];
  const root = join(folder, "store");
  const args = ["--seconds", "5", "--badge", badge, "--report", report, "--yes"];
  const { code, text, errors } = await runState(["certify", `fs:${root}`, ...args]);
  expect([code, errors, text]).toEqual([0, "", expect.stringContaining(`\ncertified: fs:${root}; `)]);
  expect(await readFile(badge, "utf8")).toContain("@state checkpoints: certified");
  const { certified, cases } = JSON.parse(await readFile(report, "utf8")) as Record<string, unknown>;
  expect(certified).toBe(true);
  expect(cases).toMatchObject(storeCases.map(({ id }) => ({ id, outcome: "passed" })));
  const left: unknown[] = [];
  for await (const { objects } of new FsStore({ root }).list("")) left.push(...objects);
  expect(left).toEqual([]);
}, 600_000);

test("the suite alone passes a store that races between processes only", async () => {
  const adapter = ["--adapter", "./certify/folders.ts"];
  const only = storeCases.map(({ id }) => id).join(",");
  const { code, text } = await runState(["certify", `racy:${folder}`, ...adapter, "--only", only, "--yes"]);
  expect([code, text]).toEqual([0, expect.stringContaining("nothing was found by ")]);
}, 600_000);
