import { execFile } from "node:child_process";
import { cp, glob, mkdir, mkdtemp, readFile, realpath, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

const run = promisify(execFile);
const root = resolve(import.meta.dirname, "../../..");

/** No configuration of this machine, and an identity of their own, for the repositories below. */
const env = {
  PATH: process.env["PATH"],
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_AUTHOR_NAME: "Test",
  GIT_AUTHOR_EMAIL: "test@example.invalid",
  GIT_COMMITTER_NAME: "Test",
  GIT_COMMITTER_EMAIL: "test@example.invalid",
};

interface Manifest {
  name: string;
  private?: boolean;
  version?: string;
  peerDependencies?: Record<string, string>;
}

let scratch: string;
/** A repository with this workspace's manifests, its changesets configuration, and a `src` in each package. */
let origin: string;
/** A fresh clone of it. */
let clone: string;
let count = 0;

function git(folder: string, ...args: string[]) {
  return run("git", args, { cwd: folder, env });
}

async function commit(folder: string, message: string): Promise<void> {
  await git(folder, "add", "--all");
  await git(folder, "commit", "--quiet", "--message", message);
}

async function manifest(folder: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as Manifest;
}

beforeAll(async () => {
  // The real path: a clone under a link would be told apart from the folder that git names.
  scratch = await realpath(await mkdtemp(join(tmpdir(), "state-releases-")));
  origin = join(scratch, "origin");
  const kept = [".changeset/config.json", "package.json", "pnpm-workspace.yaml"];
  for await (const file of glob(
    ["packages/*/package.json", "internal/*/package.json", "examples/*/package.json"],
    { cwd: root },
  )) {
    kept.push(file);
  }
  for (const file of kept) await cp(join(root, file), join(origin, file));
  for (const file of kept.slice(3)) {
    const folder = join(origin, dirname(file));
    const found = await manifest(folder);
    // One known state, whatever was released since. The private ones get a version, so that only their being private protects them.
    const peers = Object.keys(found.peerDependencies ?? {}).map((name) => [name, "^1.0.0"] as const);
    const known = {
      ...found,
      version: "1.0.0",
      ...(peers.length > 0 && { peerDependencies: Object.fromEntries(peers) }),
    };
    await writeFile(join(folder, "package.json"), JSON.stringify(known, undefined, 2));
    await mkdir(join(folder, "src"), { recursive: true });
    await writeFile(join(folder, "src/index.ts"), "export const one = 1;\n");
  }
  await git(scratch, "init", "--quiet", "--initial-branch", "main", origin);
  await commit(origin, "Begin");
}, 60_000);

afterAll(() => rm(scratch, { recursive: true }));

beforeEach(async () => {
  count += 1;
  clone = join(scratch, `clone-${count}`);
  await git(scratch, "clone", "--quiet", origin, clone);
}, 60_000);

/** Runs a script of the root's package.json in the clone, by the node that runs this test. */
async function script(name: string): Promise<{ code: number; stdout: string; stderr: string }> {
  const { scripts } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as {
    scripts: Record<string, string>;
  };
  const file = /^node (\S+)$/.exec(scripts[name] ?? "")?.[1] ?? "";
  try {
    const { stdout, stderr } = await run(process.execPath, [join(root, file)], { cwd: clone, env });
    return { code: 0, stdout, stderr };
  } catch (error) {
    return error as { code: number; stdout: string; stderr: string };
  }
}

async function changeset(id: string, releases: Record<string, string>): Promise<void> {
  const lines = Object.entries(releases).map(([name, type]) => `"${name}": ${type}`);
  await writeFile(join(clone, `.changeset/${id}.md`), `---\n${lines.join("\n")}\n---\n\nA change.\n`);
}

async function change(file: string): Promise<void> {
  await mkdir(dirname(join(clone, file)), { recursive: true });
  await writeFile(join(clone, file), "export const two = 2;\n");
}

/** Runs `changeset version` in the clone. */
async function version(): Promise<void> {
  const cli = join(root, "node_modules/@changesets/cli/bin.js");
  await run(process.execPath, [cli, "version"], { cwd: clone, env });
}

/** Each package that the plan names, with its next version. */
async function plan(): Promise<Record<string, string>> {
  const { code, stdout, stderr } = await script("release:plan");
  if (code !== 0) throw new Error(stderr);
  const rows = stdout.matchAll(/^(\S+) +1\.0\.0 +(\S+) /gm);
  return Object.fromEntries([...rows].map(([, name, next]) => [name, next]));
}

/** Every package that is published and asks for a range of core. */
async function adapters(): Promise<string[]> {
  const names: string[] = [];
  for await (const file of glob("packages/*/package.json", { cwd: clone })) {
    const found = await manifest(join(clone, dirname(file)));
    if (!found.private && found.peerDependencies?.["@state/core"] !== undefined) names.push(found.name);
  }
  return names;
}

describe("pnpm release:plan", { timeout: 60_000 }, () => {
  test("says so when nothing would be released", async () => {
    expect(await script("release:plan")).toEqual({
      code: 0,
      stdout: "Nothing would be released: no changeset asks for a release.\n",
      stderr: "",
    });
  });

  test("prints a table of packages, versions and reasons", async () => {
    await changeset("sync-the-folder", { "@state/fs": "patch" });
    const { stdout } = await script("release:plan");
    expect(stdout).toBe(
      [
        "package    now    next   why",
        "@state/fs  1.0.0  1.0.1  patch: .changeset/sync-the-folder.md",
        "",
      ].join("\n"),
    );
  });

  test("releases an adapter alone for a patch of it", async () => {
    await changeset("one", { "@state/fs": "patch" });
    expect(await plan()).toEqual({ "@state/fs": "1.0.1" });
  });

  test("releases no adapter for a minor of core", async () => {
    await changeset("one", { "@state/core": "minor" });
    expect(await plan()).toEqual({ "@state/core": "1.1.0" });
  });

  test("releases every package that depends on core for a major of it", async () => {
    await changeset("one", { "@state/core": "major" });
    const names = await adapters();
    expect(names).toEqual(expect.arrayContaining(["@state/fs", "@state/memory"]));
    const raised = Object.fromEntries(names.map((name) => [name, "1.0.1"]));
    expect(await plan()).toEqual({ "@state/core": "2.0.0", ...raised });
    expect((await script("release:plan")).stdout).toContain(
      "a range that it asks of another package is raised",
    );
  });

  test("releases no private package, not even one that a changeset names", async () => {
    await changeset("one", { flights: "minor", "@state/release": "major" });
    expect((await script("release:plan")).stdout).toMatch(/^Nothing would be released/);
  });
});

describe("changeset version", { timeout: 60_000 }, () => {
  test("leaves the peer range of an adapter as it is when both have a minor", async () => {
    await changeset("one", { "@state/core": "minor", "@state/fs": "minor" });
    await version();
    expect(await manifest(join(clone, "packages/fs"))).toMatchObject({
      version: "1.1.0",
      peerDependencies: { "@state/core": "^1.0.0" },
    });
  });

  test("raises the peer range of every adapter for a major of core", async () => {
    const names = await adapters();
    await changeset("one", { "@state/core": "major" });
    await version();
    for (const name of names) {
      const folder = join(clone, name.replace("@state/", "packages/"));
      expect((await manifest(folder)).peerDependencies).toMatchObject({ "@state/core": "^2.0.0" });
    }
  });

  test("versions no private package", async () => {
    await changeset("one", { "@state/core": "major" });
    await version();
    expect((await manifest(join(clone, "internal/release"))).version).toBe("1.0.0");
    expect((await manifest(join(clone, "examples/flights"))).version).toBe("1.0.0");
  });

  test("writes a changelog, and takes the changesets away", async () => {
    await changeset("one", { "@state/fs": "patch" });
    await version();
    expect(await readFile(join(clone, "packages/fs/CHANGELOG.md"), "utf8")).toMatch(
      /## 1\.0\.1[^]*A change\./,
    );
    await expect(readFile(join(clone, ".changeset/one.md"))).rejects.toMatchObject({ code: "ENOENT" });
  });

  test("leaves nothing for the check to ask for", async () => {
    await changeset("one", { "@state/core": "minor" });
    await commit(clone, "Ask for a release");
    await git(clone, "update-ref", "refs/remotes/origin/main", "HEAD");
    await git(clone, "switch", "--quiet", "--create", "release");
    await version();
    await commit(clone, "Version packages");
    expect(await script("changeset:check")).toMatchObject({ code: 0, stderr: "" });
  });
});

describe("pnpm changeset:check", { timeout: 60_000 }, () => {
  beforeEach(() => git(clone, "switch", "--quiet", "--create", "topic"));

  test("passes where no src is changed", async () => {
    await change("packages/fs/README.md");
    await change("packages/fs/test/new.test.ts");
    await change("internal/release/src/tool.ts");
    await commit(clone, "Change what users do not install");
    expect(await script("changeset:check")).toEqual({
      code: 0,
      stdout: "Compared with origin/main.\n",
      stderr: "",
    });
  });

  test("fails for a changed src without a changeset, and names the package and the file", async () => {
    await change("packages/fs/src/index.ts");
    await commit(clone, "Change fs");
    const { code, stderr } = await script("changeset:check");
    expect(code).toBe(1);
    expect(stderr).toBe(
      "@state/fs is changed (packages/fs/src/index.ts) and no new changeset names it: run pnpm changeset\n",
    );
  });

  test("sees a change that is not committed, and a file that is not added", async () => {
    await change("packages/fs/src/index.ts");
    await change("packages/memory/src/new.ts");
    const { code, stderr } = await script("changeset:check");
    expect(code).toBe(1);
    expect(stderr).toContain("packages/fs/src/index.ts");
    expect(stderr).toContain("packages/memory/src/new.ts");
  });

  test("sees a file that is deleted, and one that moves to another package", async () => {
    await rm(join(clone, "packages/fs/src/index.ts"));
    await rename(join(clone, "packages/memory/src/index.ts"), join(clone, "packages/core/src/moved.ts"));
    await commit(clone, "Take files away");
    const { code, stderr } = await script("changeset:check");
    expect(code).toBe(1);
    expect(stderr.match(/^@state\/\w+/gm)).toEqual(["@state/core", "@state/fs", "@state/memory"]);
  });

  test("passes once a changeset names the package", async () => {
    await change("packages/fs/src/index.ts");
    await changeset("one", { "@state/fs": "patch" });
    expect(await script("changeset:check")).toMatchObject({ code: 0, stderr: "" });
    await commit(clone, "Change fs");
    expect(await script("changeset:check")).toMatchObject({ code: 0, stderr: "" });
  });

  test("takes a changeset of the kind none for a change that no user notices", async () => {
    await change("packages/fs/src/index.ts");
    await changeset("one", { "@state/fs": "none" });
    expect(await script("changeset:check")).toMatchObject({ code: 0, stderr: "" });
    expect(await plan()).toEqual({});
  });

  test("is not satisfied by a changeset of another package", async () => {
    await change("packages/fs/src/index.ts");
    await changeset("one", { "@state/memory": "patch" });
    expect(await script("changeset:check")).toMatchObject({ code: 1 });
  });

  test("is not satisfied by a changeset that the main branch has already", async () => {
    await changeset("one", { "@state/fs": "patch" });
    await commit(clone, "Ask for a release");
    await git(clone, "update-ref", "refs/remotes/origin/main", "HEAD");
    await change("packages/fs/src/index.ts");
    expect(await script("changeset:check")).toMatchObject({ code: 1 });
  });

  test("does not blame a branch for what the main branch did since", async () => {
    await git(clone, "switch", "--quiet", "main");
    await change("packages/fs/src/index.ts");
    await commit(clone, "Change fs on main");
    await git(clone, "update-ref", "refs/remotes/origin/main", "HEAD");
    await git(clone, "switch", "--quiet", "topic");
    expect(await script("changeset:check")).toMatchObject({ code: 0, stderr: "" });
  });

  test("asks that a major of core be a major of the packages that ask for a range of it", async () => {
    await changeset("one", { "@state/core": "major", "@state/fs": "major" });
    const { code, stderr } = await script("changeset:check");
    expect(code).toBe(1);
    expect(stderr).toContain(
      "a major of @state/core raises the peer range of @state/memory: name @state/memory as major in a changeset\n",
    );
    expect(stderr).not.toContain("@state/fs");
  });

  test("compares with a main branch that has no remote", async () => {
    await git(clone, "remote", "remove", "origin");
    await change("packages/fs/src/index.ts");
    expect(await script("changeset:check")).toMatchObject({ code: 1, stdout: "Compared with main.\n" });
  });

  test("compares main itself with the remote's", async () => {
    await git(clone, "switch", "--quiet", "main");
    await change("packages/fs/src/index.ts");
    await commit(clone, "Change fs on main");
    expect(await script("changeset:check")).toMatchObject({
      code: 1,
      stdout: "Compared with origin/main.\n",
    });
  });

  test("says plainly that it checked nothing on a main that has no remote", async () => {
    await git(clone, "switch", "--quiet", "main");
    await git(clone, "remote", "remove", "origin");
    await change("packages/fs/src/index.ts");
    expect(await script("changeset:check")).toEqual({
      code: 0,
      stdout:
        "Nothing to compare with: on main, and there is no origin/main. No change was checked for a changeset.\n",
      stderr: "",
    });
  });

  test("says plainly that it checked nothing where there is no main branch", async () => {
    await git(clone, "remote", "remove", "origin");
    await git(clone, "branch", "--quiet", "--delete", "--force", "main");
    await change("packages/fs/src/index.ts");
    expect(await script("changeset:check")).toEqual({
      code: 0,
      stdout:
        "Nothing to compare with: there is no main branch here. No change was checked for a changeset.\n",
      stderr: "",
    });
  });

  test("says what to do where the history does not reach back to the main branch", async () => {
    await git(clone, "switch", "--quiet", "--orphan", "unrelated");
    await git(clone, "commit", "--quiet", "--allow-empty", "--message", "Begin again");
    const { code, stderr } = await script("changeset:check");
    expect(code).toBe(1);
    expect(stderr).toContain("git fetch --unshallow");
  });
});
