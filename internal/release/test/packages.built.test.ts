import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { packAll, publicPackages, root, tool } from "../src/tarballs.ts";

const run = promisify(execFile);
/** Core itself, and what writes projects that have core. */
const standsAlone = new Set(["@state/core", "@state/create-adapter"]);

let scratch: string;
let tarballs: ReadonlyMap<string, string>;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "state-packages-"));
  tarballs = await packAll(scratch);
}, 120_000);

afterAll(() => rm(scratch, { recursive: true }));

function tarballOf(name: string): string {
  return tarballs.get(name) ?? `no tarball of ${name}`;
}

describe.each(publicPackages)("the tarball of $name", ({ name, manifest: own }) => {
  test("is sound in publint's strictest view", { timeout: 60_000 }, async () => {
    const { stdout } = await run(tool("publint"), ["run", "--strict", tarballOf(name)]);
    expect(stdout).toContain("All good!");
  });

  test("has types that resolve for every ESM consumer", { timeout: 60_000 }, async () => {
    // It exits with 1 when it finds a problem.
    const { stderr } = await run(tool("attw"), ["--profile", "esm-only", "--no-color", tarballOf(name)]);
    expect(stderr).toBe("");
  });

  test("depends on core by a range if it works on it, and on no workspace", async () => {
    const { stdout } = await run("tar", ["-xOf", tarballOf(name), "package/package.json"]);
    expect(stdout).not.toContain("workspace:");
    const manifest = JSON.parse(stdout) as {
      dependencies?: object;
      peerDependencies?: object;
      license: string;
    };
    expect(manifest.license).toBe("Apache-2.0");
    const core = publicPackages.find((each) => each.name === "@state/core");
    const range = `^${core?.manifest.version.split(".")[0]}.0.0`;
    expect(manifest.dependencies).toEqual(own.dependencies);
    const peers = { ...own.peerDependencies, "@state/core": range };
    expect(manifest.peerDependencies).toEqual(standsAlone.has(name) ? undefined : peers);
  });

  test("holds a README, the build and its source", async () => {
    const { stdout } = await run("tar", ["-tf", tarballOf(name)]);
    const files = stdout.split("\n");
    for (const file of ["README.md", "dist/index.js", "dist/index.d.ts", "src/index.ts"]) {
      expect(files).toContain(`package/${file}`);
    }
    expect(files.filter((file) => /test\/|tsbuildinfo|\.turbo/.test(file))).toEqual([]);
  });
});

describe("the lock file", () => {
  test("names no host", async () => {
    expect(await readFile(join(root, "pnpm-lock.yaml"), "utf8")).not.toMatch(/https?:/);
  });
});
