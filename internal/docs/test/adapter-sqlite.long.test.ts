import { execFile } from "node:child_process";
import { readdir, readFile, realpath, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";
import { type Guide, readersEnvironment, readGuide } from "@state/release/guide";
import { expectLaid, guideHome as home } from "@state/release/projects";
import { root, tool } from "@state/release/tarballs";

const run = promisify(execFile);
const example = join(root, "examples/adapter-sqlite");

let guide: Guide;
/** For `NODE_OPTIONS`: no module of the workspace can be loaded. */
let guard: string;

beforeAll(async () => {
  await expectLaid();
  guide = await readGuide();
  const hook = join(home, "no-workspace.mjs");
  guard = `--import=${pathToFileURL(hook).href}`;
  await writeFile(
    hook,
    `import module from "node:module";
// npm itself may run on an older Node, which has none.
module.registerHooks?.({
  resolve(specifier, context, next) {
    const resolved = next(specifier, context);
    if (resolved.url.startsWith(${JSON.stringify(`${pathToFileURL(root).href}/`)})) {
      throw new Error("reached into the workspace: " + specifier + " from " + context.parentURL);
    }
    return resolved;
  },
});
`,
  );
});

async function shell(command: string, cwd: string, options = ""): Promise<string> {
  const { stdout } = await run("bash", ["-ec", command], {
    cwd,
    env: readersEnvironment(options),
    maxBuffer: 2 ** 24,
  });
  return stdout;
}

/** Everything reached through a link, or kept as one, that leads out of the project. */
async function waysOut(project: string): Promise<string[]> {
  const out: string[] = [];
  for (const entry of await readdir(project, { recursive: true, withFileTypes: true })) {
    if (!entry.isSymbolicLink()) continue;
    const link = join(entry.parentPath, entry.name);
    const target = await realpath(link);
    if (!target.startsWith(`${project}/`)) out.push(`${link} -> ${target}`);
  }
  return out;
}

/** Runs a command that tests the project, and fails if a test fails or anything came from the workspace. */
async function expectGreen(command: string, project: string): Promise<void> {
  const stdout = await shell(command, project, guard);
  // node:test's totals, then vitest's.
  expect(stdout).toMatch(/^ℹ fail 0$/m);
  expect(Number(/^ℹ pass (\d+)$/m.exec(stdout)?.[1])).toBeGreaterThan(100);
  expect(stdout).toMatch(/^ +Tests +\d{3,} passed(?: \| \d+ skipped)? \(\d+\)$/m);
  expect(await readdir(join(project, "node_modules/@state"))).toEqual(["core"]);
  expect(await waysOut(project)).toEqual([]);
}

describe("a stranger's adapter, against the packed core", () => {
  test("that is a copy of the example passes before a line is changed", { timeout: 900_000 }, async () => {
    const project = join(home, "my-store");
    await expectGreen(guide.testCopy, project);
    await shell("npm run typecheck && npm run build", project);
    const linted = await run(tool("publint"), ["run", "--strict", project]);
    expect(linted.stdout).toContain("All good!");
    const { MyStore } = (await import(pathToFileURL(join(project, "dist/index.js")).href)) as {
      MyStore: unknown;
    };
    expect(MyStore).toBeTypeOf("function");
  });

  test("that follows the guide word for word passes too", { timeout: 900_000 }, async () => {
    await expectGreen(guide.test, join(home, "from-scratch"));
  });

  test("that reaches into the workspace is found out", async () => {
    const module = JSON.stringify(join(root, "packages/core/dist/index.js"));
    const reaching = shell(`"${process.execPath}" --input-type=module -e 'import ${module}'`, home, guard);
    await expect(reaching).rejects.toThrow("reached into the workspace");
  });
});

describe("the guide", () => {
  test("has the example's files, to the letter", async () => {
    expect([...guide.files.keys()].filter((path) => path.startsWith("src/")).toSorted()).toEqual(
      (await readdir(join(example, "src"))).map((file) => `src/${file}`).toSorted(),
    );
    for (const [path, text] of guide.files) {
      const original = await readFile(join(example, path), "utf8");
      // A manifest's lines are broken otherwise on the page.
      if (path.endsWith(".json")) expect(JSON.parse(text), path).toEqual(JSON.parse(original));
      else expect(text, path).toBe(original);
    }
  });

  test("packs by commands that make the tarballs they name", async () => {
    const packed = join(home, "packed-by-hand");
    await shell(guide.pack.replaceAll("~", packed), root);
    const [core, createAdapter] = ["state-core.tgz", "state-create-adapter.tgz"];
    expect((await readdir(packed)).toSorted()).toEqual([core, createAdapter]);
    const { stdout } = await run("tar", ["-tf", join(packed, createAdapter)]);
    expect(stdout).toContain("package/dist/template.json");
  }, 120_000);
});
