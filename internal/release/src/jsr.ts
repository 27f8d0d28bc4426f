/**
 * `pnpm release:jsr [--dry-run]`: publishes core and memory to JSR, as their sources are. Each `jsr.json` is made of the
 * package's manifest, in a folder of its own, so none is committed that could be of another version.
 */
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { addressOf, withAbsoluteLinks } from "./address.ts";
import { type PublicPackage, publicPackages, root } from "./tarballs.ts";

const run = promisify(execFile);

/** The packages that need nothing of Node's or of a cloud's SDK, and so run wherever JSR's users do. */
const names: ReadonlySet<string> = new Set(["@state/core", "@state/memory"]);

export const jsrPackages: readonly PublicPackage[] = publicPackages.filter(({ name }) => names.has(name));

/** The configuration of a package on JSR. */
export interface JsrConfiguration {
  readonly name: string;
  readonly version: string;
  readonly license: "Apache-2.0";
  readonly exports: Readonly<Record<string, string>>;
  readonly imports: Readonly<Record<string, string>>;
  readonly publish: { readonly include: readonly string[] };
}

export function jsrConfigurationOf({ name, manifest }: PublicPackage): JsrConfiguration {
  const exports: [string, string][] = [];
  for (const [entry, target] of Object.entries(manifest.exports ?? {})) {
    const source = (target as Readonly<Record<string, string>>)["@state/source"];
    if (source !== undefined) exports.push([entry, source]);
  }
  const peers = Object.entries(manifest.peerDependencies ?? {});
  return {
    name,
    version: manifest.version,
    license: "Apache-2.0",
    exports: Object.fromEntries(exports),
    imports: Object.fromEntries(peers.map(([peer, range]) => [peer, `jsr:${peer}@${range}`])),
    publish: { include: ["src", "README.md", "LICENSE", "jsr.json"] },
  };
}

/** Lays the packages as JSR takes them into `folder`, as one workspace, so that nothing of it has to be on JSR yet. */
export async function layJsrPackages(folder: string): Promise<void> {
  const base = JSON.parse(await readFile(join(root, "tsconfig.base.json"), "utf8")) as {
    compilerOptions: { lib: readonly string[] };
  };
  const { lib } = base.compilerOptions;
  const strict = { strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true };
  const workspace = jsrPackages.map(({ name }) => `./${name.slice("@state/".length)}`);
  const compilerOptions = { ...strict, lib: [...lib, "deno.ns"] };
  await writeFile(join(folder, "deno.json"), JSON.stringify({ workspace, compilerOptions }, null, 2));
  for (const each of jsrPackages) {
    const target = join(folder, each.name.slice("@state/".length));
    await mkdir(target);
    await cp(join(each.folder, "src"), join(target, "src"), { recursive: true });
    await cp(join(each.folder, "README.md"), join(target, "README.md"));
    await cp(join(root, "LICENSE"), join(target, "LICENSE"));
    await writeFile(join(target, "jsr.json"), JSON.stringify(jsrConfigurationOf(each), null, 2));
  }
}

/** Runs `deno publish` in `folder`; returns what it said. */
export async function denoPublish(folder: string, args: readonly string[]): Promise<string> {
  const deno = join(root, "internal/runtimes/installed/node_modules/@deno/linux-x64-glibc/deno");
  // No other variable of this process decides what is published; in the workflow, GitHub's say who publishes.
  const github = Object.entries(process.env).filter(([name]) => /^(?:GITHUB|ACTIONS)_/.test(name));
  const env = { ...Object.fromEntries(github), HOME: folder, DENO_DIR: join(folder, ".deno"), NO_COLOR: "1" };
  const quiet = { DENO_NO_UPDATE_CHECK: "1", PATH: process.env["PATH"] ?? "" };
  const { stdout, stderr } = await run(deno, ["publish", ...args], {
    cwd: folder,
    env: { ...env, ...quiet },
  });
  return `${stdout}${stderr}`;
}

async function main(args: readonly string[]): Promise<void> {
  const isDryRun = args.includes("--dry-run");
  const folder = await realpath(await mkdtemp(join(tmpdir(), "state-jsr-")));
  try {
    await layJsrPackages(folder);
    if (!isDryRun) {
      const address = addressOf(process.env);
      for (const { name } of jsrPackages) {
        const short = name.slice("@state/".length);
        const readme = join(folder, short, "README.md");
        await writeFile(
          readme,
          withAbsoluteLinks(await readFile(readme, "utf8"), `packages/${short}`, address, root),
        );
      }
    }
    process.stdout.write(await denoPublish(folder, isDryRun ? ["--dry-run"] : []));
  } finally {
    await rm(folder, { recursive: true });
  }
}

if (import.meta.main) await main(process.argv.slice(2));
