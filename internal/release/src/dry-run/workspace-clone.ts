import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type PublicPackage, publicPackages, root } from "../tarballs.ts";
import { output } from "./commands.ts";
import type { Registry } from "./registry.ts";

/** Stands for the repository's address, which only the workflow knows. */
export const address = "https://git.example/dry-run/state";

/** The version that each public package has in a clone. */
export type Versions = Readonly<Record<string, string>>;

/** A clone of this repository's last commit, in which the release's scripts run as the workflow runs them. */
export class WorkspaceClone {
  readonly folder: string;
  readonly #env: Readonly<Record<string, string>>;

  private constructor(folder: string, env: Readonly<Record<string, string>>) {
    this.folder = folder;
    this.#env = env;
  }

  static async make(scratch: string, registry: Registry): Promise<WorkspaceClone> {
    const folder = join(scratch, "clone");
    const home = join(scratch, "home");
    await mkdir(home, { recursive: true });
    const clone = new WorkspaceClone(folder, {
      PATH: process.env["PATH"] ?? "",
      HOME: home,
      CI: "true",
      NO_COLOR: "1",
      NPM_CONFIG_USERCONFIG: registry.npmrc,
      NPM_CONFIG_REGISTRY: registry.url,
      PNPM_CONFIG_REGISTRY: registry.url,
      GIT_CONFIG_GLOBAL: "/dev/null",
      GIT_AUTHOR_NAME: "Release",
      GIT_AUTHOR_EMAIL: "release@example.invalid",
      GIT_COMMITTER_NAME: "Release",
      GIT_COMMITTER_EMAIL: "release@example.invalid",
    });
    const status = { program: "git", args: ["status", "--porcelain"], cwd: root, env: clone.#env };
    if ((await output(status)) !== "")
      process.stdout.write("What is not committed is no part of this run.\n");
    await output({ program: "git", args: ["clone", "--quiet", root, folder], cwd: scratch, env: clone.#env });
    // From this machine's store: what the packages are built with is no part of the release.
    const env = { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "", CI: "true" };
    const install = ["install", "--frozen-lockfile", "--prefer-offline"];
    await output({ program: "pnpm", args: install, cwd: folder, env });
    return clone;
  }

  /** `pnpm release:version`, and the commit that merging the workflow's pull request makes. */
  async version(): Promise<void> {
    await this.#pnpm(["run", "release:version"]);
    await this.#git("add", "--all");
    await this.#git("commit", "--quiet", "--message", "Version the packages");
  }

  /** `pnpm release:publish` as the workflow runs it. What it writes into the checkout is thrown away. */
  async publish(env: Readonly<Record<string, string>> = {}): Promise<void> {
    const { origin, pathname } = new URL(address);
    const github = {
      GITHUB_SERVER_URL: origin,
      GITHUB_REPOSITORY: pathname.slice(1),
      GITHUB_SHA: await this.head(),
    };
    try {
      await this.#pnpm(["run", "release:publish"], { ...github, ...env });
    } finally {
      await this.#git("checkout", "--quiet", "--", ".");
    }
    assert.equal(await this.#git("status", "--porcelain"), "", "publishing leaves something uncommitted");
  }

  async versions(): Promise<Versions> {
    const entries = publicPackages.map(async ({ name, folder }) => {
      const file = join(this.folder, folder.slice(root.length + 1), "package.json");
      const { version } = JSON.parse(await readFile(file, "utf8")) as { version: string };
      return [name, version] as const;
    });
    return Object.fromEntries(await Promise.all(entries));
  }

  async head(): Promise<string> {
    return (await this.#git("rev-parse", "HEAD")).trim();
  }

  /** A change to one package, and its changeset. */
  async change({ name, folder }: PublicPackage): Promise<void> {
    const source = join(this.folder, folder.slice(root.length + 1), "src/index.ts");
    await writeFile(source, `${await readFile(source, "utf8")}\nexport const dryRun = "changed";\n`);
    const changeset = `---\n"${name}": patch\n---\n\nA change to this package alone.\n`;
    await writeFile(join(this.folder, ".changeset/dry-run.md"), changeset);
    await this.#git("add", "--all");
    await this.#git("commit", "--quiet", "--message", "Change one package");
  }

  async #pnpm(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
    return output({ program: "pnpm", args, cwd: this.folder, env: { ...this.#env, ...env } });
  }

  async #git(...args: string[]): Promise<string> {
    return output({ program: "git", args, cwd: this.folder, env: this.#env });
  }
}
