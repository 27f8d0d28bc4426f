import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const root = resolve(import.meta.dirname, "../../../..");

/** A package's README, and its code, to be compiled and run. */
export interface Readme extends AsyncDisposable {
  readonly text: string;
  /** The TypeScript in it, by the names of the files that hold it. */
  readonly files: readonly string[];
  /** The first JSON in it. */
  readonly json: unknown;
  /** Compiles the code in the strictest settings, and returns what the compiler printed: `""` if it found nothing. */
  compile(): Promise<string>;
  /** Runs a file, and returns what it printed. Rejects unless it ends well. */
  run(file: string, env: Readonly<Record<string, string>>): Promise<string>;
}

export async function openReadme(folder: string): Promise<Readme> {
  const text = await readFile(join(folder, "README.md"), "utf8");
  const snippets = [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = ""]) => code);
  // Inside the package, so that imports resolve as they do for a user who installed them.
  const scratch = await mkdtemp(join(folder, ".snippets-"));
  const compilerOptions = {
    types: ["node"],
    noEmit: true,
    isolatedDeclarations: false,
    noUnusedLocals: false,
  };
  const config = { extends: join(root, "tsconfig.base.json"), compilerOptions };
  await writeFile(join(scratch, "tsconfig.json"), JSON.stringify(config));
  const files = snippets.map((_, index) => `${index + 1}.ts`);
  for (const [index, code] of snippets.entries()) await writeFile(join(scratch, `${index + 1}.ts`), code);
  return {
    text,
    files,
    json: JSON.parse(/^```json\n(.*?)^```$/ms.exec(text)?.[1] ?? "null"),
    compile: async () => {
      const tsc = join(root, "node_modules/typescript/bin/tsc");
      try {
        return (await run(process.execPath, [tsc, "-p", scratch])).stdout;
      } catch (error) {
        // The message is never empty, also if the compiler could not be started.
        return `${String(error)}\n${String(Reflect.get(Object(error), "stdout"))}`;
      }
    },
    run: async (file, env) => {
      const { stdout, stderr } = await run(process.execPath, [join(scratch, file)], {
        env: { ...process.env, ...env },
      });
      return `${stdout}${stderr}`;
    },
    [Symbol.asyncDispose]: () => rm(scratch, { recursive: true }),
  };
}
