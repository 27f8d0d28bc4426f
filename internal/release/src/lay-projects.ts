/**
 * `pnpm projects`: packs the packages and installs them into the projects that the tests of `pnpm test:long` use.
 * The tests install nothing themselves.
 */
import { copyFile, mkdir, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { install } from "@state/scripts/install";
import { readersEnvironment, readGuide } from "./guide.ts";
import { areLaid, consumerOf, digestOfSources, guideHome, projectsFolder, stampFile } from "./projects.ts";
import { packAll, publicPackages } from "./tarballs.ts";

const quiet = ["--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"];

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function layConsumer(folder: string, tarballs: readonly string[]): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "package.json"), JSON.stringify({ type: "module", private: true }));
  await install({ command: "npm", args: ["install", ...quiet, ...tarballs], cwd: folder });
}

/** The types of Node 22 are the consumer's choice, not the package's. */
async function addTypesOfNode(project: string): Promise<void> {
  await mkdir(join(project, "node_modules/@types"), { recursive: true });
  const types = await realpath(join(import.meta.dirname, "../node_modules/types-node-22"));
  await rm(join(project, "node_modules/@types/node"), { recursive: true, force: true });
  await symlink(types, join(project, "node_modules/@types/node"));
  // What npm lays beside them.
  const undici = join(project, "node_modules/undici-types");
  await rm(undici, { recursive: true, force: true });
  await symlink(await realpath(join(types, "../../undici-types")), undici);
}

async function layGuide(core: string, createAdapter: string): Promise<void> {
  const guide = await readGuide();
  const env = readersEnvironment();
  await mkdir(guideHome);
  await copyFile(core, join(guideHome, "state-core.tgz"));
  await copyFile(createAdapter, join(guideHome, "state-create-adapter.tgz"));
  say("\n== a copy of examples/adapter-sqlite, by @state/create-adapter");
  await install({ command: "bash", args: ["-ec", guide.copy], cwd: guideHome, env });

  say("\n== an adapter from an empty folder, by docs/writing-an-adapter.md");
  await install({ command: "bash", args: ["-ec", guide.make], cwd: guideHome, env });
  const project = join(guideHome, "from-scratch");
  for (const [path, text] of guide.files) {
    await mkdir(dirname(join(project, path)), { recursive: true });
    await writeFile(join(project, path), text);
  }
  await install({ command: "bash", args: ["-ec", guide.install], cwd: project, env });
}

type TarballOf = (name: string) => string;

async function layConsumers(tarballOf: TarballOf): Promise<void> {
  for (const { name } of publicPackages) {
    say(`\n== ${name}`);
    await layConsumer(consumerOf(name), [...new Set([tarballOf("@state/core"), tarballOf(name)])]);
    await addTypesOfNode(consumerOf(name));
  }
}

async function layOthers(tarballOf: TarballOf): Promise<void> {
  const core = tarballOf("@state/core");
  say("\n== core, fs and memory together; core twice");
  await layConsumer(consumerOf("together"), [core, tarballOf("@state/fs"), tarballOf("@state/memory")]);
  for (const copy of ["one", "two"]) await layConsumer(consumerOf(`copies/${copy}`), [core]);
  await layGuide(core, tarballOf("@state/create-adapter"));
}

async function layAll(): Promise<void> {
  await rm(projectsFolder, { recursive: true, force: true });
  await mkdir(projectsFolder);
  const digest = await digestOfSources();
  say(`Packs ${publicPackages.length} packages, and installs them into projects in ${projectsFolder}`);
  const tarballs = await packAll(projectsFolder);
  const tarballOf: TarballOf = (name) => tarballs.get(name) ?? `no tarball of ${name}`;
  // Side by side, since an install mostly waits for the registry.
  await Promise.all([layConsumers(tarballOf), layOthers(tarballOf)]);
  await writeFile(stampFile, digest);
}

try {
  if (await areLaid()) say(`The projects in ${projectsFolder} are there, and no package has changed since.`);
  else await layAll();
} catch (error) {
  process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
