import { readFileSync } from "node:fs";
import { Session } from "node:inspector/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { filesByRule, sourceFolder } from "../rules/sources.ts";
import { rules } from "../rules/rules.ts";
import { configurations } from "./configurations.ts";
import type { CodeUnderTest } from "./code-under-test.ts";
import { explore } from "./search.ts";

/** Enough to see which code a configuration runs through. */
const milliseconds = 500;

/** By rule: the configurations in which the code that keeps it is run, those with few schedules first. */
export async function reachedBy(code: CodeUnderTest): Promise<ReadonlyMap<string, readonly string[]>> {
  // V8's coverage tells.
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  const reached = new Map<string, string[]>(rules.map(({ id }) => [id, []]));
  const sizes = new Map<string, number>();
  for (const configuration of configurations) {
    await session.post("Profiler.takePreciseCoverage");
    const { schedules } = await explore(configuration, { code, preemptions: 1, milliseconds });
    sizes.set(configuration.name, schedules);
    const { result } = await session.post("Profiler.takePreciseCoverage");
    const scripts = new Map(
      result.map((script) => [script.url, script.functions.flatMap(({ ranges }) => ranges)]),
    );
    for (const [id, file] of filesByRule()) {
      const path = join(sourceFolder, file);
      const ranges = scripts.get(pathToFileURL(path).href) ?? [];
      const source = readFileSync(path, "utf8");
      const offset = source.indexOf("\n", source.indexOf(`// rule: ${id}\n`));
      const around = ranges.filter(
        ({ startOffset, endOffset }) => startOffset <= offset && offset < endOffset,
      );
      const innermost = around.toSorted((a, b) => size(a) - size(b))[0];
      if (innermost !== undefined && innermost.count > 0) reached.get(id)?.push(configuration.name);
    }
  }
  session.disconnect();
  for (const names of reached.values()) names.sort((a, b) => (sizes.get(a) ?? 0) - (sizes.get(b) ?? 0));
  return reached;
}

function size({
  startOffset,
  endOffset,
}: {
  readonly startOffset: number;
  readonly endOffset: number;
}): number {
  return endOffset - startOffset;
}
