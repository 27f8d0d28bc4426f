import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { markedRules } from "./take-out.ts";

export const sourceFolder: string = resolve(import.meta.dirname, "../../src");

/** Which file of `src` has the marker of each rule. @throws if two have it */
export function filesByRule(): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const file of readdirSync(sourceFolder, { recursive: true, encoding: "utf8" })) {
    if (!file.endsWith(".ts")) continue;
    for (const id of markedRules(readFileSync(join(sourceFolder, file), "utf8"))) {
      const other = files.get(id);
      if (other !== undefined) throw new Error(`${id} is marked in ${other} and in ${file}`);
      files.set(id, file);
    }
  }
  return files;
}
