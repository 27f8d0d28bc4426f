import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { ObjectStoreBackend } from "../../src/backend.ts";
import type { Rule } from "../rules/rule.ts";
import { rules } from "../rules/rules.ts";
import { filesByRule, sourceFolder } from "../rules/sources.ts";
import { takeOut } from "../rules/take-out.ts";
import { type CodeUnderTest, codeOf } from "../explorer/code-under-test.ts";

/** The rules that the simulation notices when they are missing. */
export const simulatedRules: readonly Rule[] = rules.filter(({ simulated }) => simulated === true);

/** Loads a copy of the source without the rule, hands it to `use`, and removes it. */
export async function withoutRule<T>(
  { id, without }: Rule,
  use: (code: CodeUnderTest) => Promise<T>,
): Promise<T> {
  const copy = mkdtempSync(join(tmpdir(), "state-broken-"));
  try {
    cpSync(sourceFolder, copy, { recursive: true });
    const path = join(copy, filesByRule().get(id) ?? "");
    writeFileSync(path, takeOut(readFileSync(path, "utf8"), id, without));
    const url = pathToFileURL(join(copy, "backend.ts")).href;
    const { ObjectStoreBackend: Backend } = (await import(/* @vite-ignore */ url)) as {
      ObjectStoreBackend: typeof ObjectStoreBackend;
    };
    return await use(codeOf(Backend));
  } finally {
    rmSync(copy, { recursive: true });
  }
}
