import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Figures, Row, Side, Skip } from "./harness.ts";

const names = ["core", "fs", "memory", "s3", "gcs", "azure"] as const;
const starts = 10;

/** Whole processes of Node that import a build, and ones that do nothing. */
export function importRows(): readonly Row[] {
  return names.map((name) => {
    const build = resolve(import.meta.dirname, `../../../../packages/${name}/dist/index.js`);
    const code = `import ${JSON.stringify(pathToFileURL(build).href)};\n`;
    return {
      id: `import/${name}`,
      title: `a process that imports @state/${name}`,
      columns: { ms: "ms", cpuMs: "CPU ms" },
      sides: [
        {
          name: `@state/${name}`,
          start: async () =>
            existsSync(build)
              ? startPrograms(code)
              : { skip: `packages/${name} is not built: \`npx -y pnpm@12 build\` builds it` },
        },
        { name: "an empty program", start: async () => startPrograms("") },
      ],
    };
  });
}

/** Runs a program a few times, from its start to its end. */
function startPrograms(code: string): Side | Skip {
  const scratch = mkdtempSync(join(tmpdir(), "state-import-"));
  const file = join(scratch, "program.mjs");
  // What it imports runs before its own lines do.
  writeFileSync(
    file,
    `${code}const { user, system } = process.cpuUsage();\nprocess.stdout.write(String(user + system));\n`,
  );
  const runOnce = (): number => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [file]);
    if (status !== 0) throw new Error(`${file} ended with ${status}: ${stderr.toString()}`);
    return Number(stdout.toString()) / 1_000;
  };
  runOnce();
  return {
    run: async (): Promise<Figures> => {
      const started = performance.now();
      let cpuMs = 0;
      for (let each = 0; each < starts; each += 1) cpuMs += runOnce();
      return { ms: (performance.now() - started) / starts, cpuMs: cpuMs / starts };
    },
    end: async () => rmSync(scratch, { recursive: true }),
  };
}
