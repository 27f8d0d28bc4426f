import { execFile } from "node:child_process";
import { glob, mkdir, mkdtemp, readdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const root = resolve(import.meta.dirname, "../../..");

/** An empty project with the packed packages in it, as a user would have them, and the scenario, built once for all. */
export async function layProject(): Promise<string> {
  const project = await mkdtemp(join(tmpdir(), "state-runtimes-"));
  await writeFile(join(project, "package.json"), JSON.stringify({ type: "module", private: true }));
  for (const name of ["core", "memory"]) await unpack(name, project);
  const tsc = join(root, "node_modules/.bin/tsc");
  await run(tsc, ["-p", resolve(import.meta.dirname, "../tsconfig.build.json"), "--outDir", project]);
  await writeFile(join(project, "worker.capnp"), await workerdConfig(project, "worker.js"));
  return project;
}

async function unpack(name: string, project: string): Promise<void> {
  const packed = join(project, "packed", name);
  const installed = join(project, "node_modules/@state", name);
  await mkdir(packed, { recursive: true });
  await mkdir(installed, { recursive: true });
  await run("pnpm", ["pack", "--pack-destination", packed], { cwd: join(root, "packages", name) });
  const [tarball] = await readdir(packed);
  await run("tar", ["-xzf", join(packed, tarball ?? ""), "--strip-components=1", "-C", installed]);
}

/** The modules of the packages, below `node_modules`; without the suite, which is made for Node alone. */
export async function builtModules(project: string): Promise<readonly string[]> {
  const cwd = join(project, "node_modules");
  const modules: string[] = [];
  for await (const file of glob("@state/*/dist/**/*.js", { cwd })) {
    if (!file.includes("/conformance/")) modules.push(file);
  }
  return modules.toSorted();
}

/**
 * workerd resolves nothing: every module is named beforehand, and a bare specifier is looked up beside the module that
 * imports it. So the build goes in file by file as it is, and what stands for the packages' `exports` is said here.
 */
export async function workerdConfig(project: string, entry: string): Promise<string> {
  const own = [entry, "codecs.js", "print-report.js", "scenario.js"].map((file) => embedded(file, file));
  const built = (await builtModules(project)).map((file) => embedded(file, `node_modules/${file}`));
  const bare = [
    reexport("@state/core", "./core/dist/index.js"),
    reexport("@state/core/codecs", "../core/dist/codecs/index.js"),
    reexport("@state/memory", "./memory/dist/index.js"),
    reexport("@state/memory/dist/@state/core", "../../../core/dist/index.js"),
    reexport("@state/memory/dist/@state/core/adapter", "../../../../core/dist/adapter/index.js"),
  ];
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (services = [(name = "main", worker = .main)]);
const main :Workerd.Worker = (
  compatibilityDate = "2026-01-01",
  modules = [
    ${[...own, ...built, ...bare].join(",\n    ")}
  ]
);
`;
}

function embedded(name: string, file: string): string {
  return `(name = ${JSON.stringify(name)}, esModule = embed ${JSON.stringify(file)})`;
}

function reexport(name: string, target: string): string {
  return `(name = ${JSON.stringify(name)}, esModule = ${JSON.stringify(`export * from "${target}";`)})`;
}
