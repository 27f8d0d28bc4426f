import { execFile } from "node:child_process";
import { copyFile, mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { packAll, root } from "@state/release/tarballs";

const run = promisify(execFile);
const example = join(root, "examples/adapter-sqlite");

/** The commands and the files of the guide, in their order. */
interface Guide {
  readonly commands: readonly string[];
  readonly files: ReadonlyMap<string, string>;
}

let guide: Guide;
/** Where the guide's `~` is: outside the workspace. */
let home: string;
/** For `NODE_OPTIONS`: no module of the workspace can be loaded. */
let guard: string;

beforeAll(async () => {
  guide = await readGuide();
  home = await realpath(await mkdtemp(join(tmpdir(), "state-stranger-")));
  const tarballs = await packAll(home);
  await copyFile(tarballs.get("@state/core") ?? "", join(home, "state-core.tgz"));
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
}, 120_000);

afterAll(() => rm(home, { recursive: true }));

async function readGuide(): Promise<Guide> {
  const page = await readFile(join(root, "docs/writing-an-adapter.md"), "utf8");
  const files = [...page.matchAll(/^`([^`]+)`:\n\n```\w+\n(.*?)^```$/gms)];
  const commands = [...page.matchAll(/^```sh\n(.*?)^```$/gms)];
  return {
    commands: commands.map(([, text = ""]) => text),
    files: new Map(files.map(([, path = "", text = ""]) => [path, text])),
  };
}

/** As in the stranger's shell: the Node that the project brings, and nothing of this workspace's environment. */
async function shell(command: string, cwd: string, options = ""): Promise<string> {
  const { stdout } = await run("bash", ["-ec", command], {
    cwd,
    env: {
      PATH: (process.env["PATH"] ?? "")
        .split(":")
        .filter((folder) => !folder.startsWith(`${root}/`))
        .join(":"),
      HOME: home,
      NODE_OPTIONS: options,
      npm_config_cache: process.env["npm_config_cache"] ?? join(homedir(), ".npm"),
      npm_config_audit: "false",
      npm_config_fund: "false",
      npm_config_update_notifier: "false",
      NO_COLOR: "1",
    },
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

/** Runs a command that ends with the project's tests, and fails if one fails or anything came from the workspace. */
async function expectGreen(command: string | undefined, cwd: string, project: string): Promise<void> {
  const stdout = await shell(command ?? "exit 1", cwd, guard);
  // node:test's totals, then vitest's.
  expect(stdout).toMatch(/^ℹ fail 0$/m);
  expect(Number(/^ℹ pass (\d+)$/m.exec(stdout)?.[1])).toBeGreaterThan(100);
  expect(stdout).toMatch(/^ +Tests +\d{3,} passed \(\d+\)$/m);
  expect(await readdir(join(project, "node_modules/@state"))).toEqual(["core"]);
  expect(await waysOut(project)).toEqual([]);
}

describe("a stranger's adapter, against the packed core", () => {
  test("that is a copy of the example passes before a line is changed", { timeout: 300_000 }, async () => {
    const copy = guide.commands.find((command) => command.startsWith("git archive"));
    await expectGreen(copy, root, join(home, "adapter-sqlite"));
    await shell("npm run typecheck && npm run build", join(home, "adapter-sqlite"));
  });

  test("that follows the guide word for word passes too", { timeout: 300_000 }, async () => {
    const project = join(home, "from-scratch");
    const [make, finish] = [
      guide.commands.find((command) => command.startsWith("mkdir")),
      guide.commands.find((command) => command.startsWith("npm install")),
    ];
    await shell(make ?? "exit 1", home);
    for (const [path, text] of guide.files) {
      await mkdir(dirname(join(project, path)), { recursive: true });
      await writeFile(join(project, path), text);
    }
    await expectGreen(finish, project, project);
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

  test("packs core by a command that makes the tarball it names", async () => {
    const pack = guide.commands.find((command) => command.includes(" pack "));
    const out = join(home, "packed-by-hand.tgz");
    await shell(`${pack?.replace("~/state-core.tgz", out)}`, root);
    const { stdout } = await run("tar", ["-tf", out]);
    expect(stdout).toContain("package/dist/index.js");
  }, 120_000);
});
