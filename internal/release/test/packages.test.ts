import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { packAll, publicPackages, quiet, root, tool } from "../src/tarballs.ts";

const run = promisify(execFile);
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

  test("depends on core by a range, and on no workspace", async () => {
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
    expect(manifest.peerDependencies).toEqual(own === core?.manifest ? undefined : { "@state/core": range });
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

describe("an empty project that installs the tarballs", () => {
  test("takes a checkpoint, runs the suite on node:test, and compiles", { timeout: 180_000 }, async () => {
    const project = join(scratch, "project");
    await mkdir(project);
    await writeFile(
      join(project, "package.json"),
      JSON.stringify({ name: "project", type: "module", private: true }),
    );
    await run(
      "npm",
      ["install", ...quiet, tarballOf("@state/core"), tarballOf("@state/fs"), tarballOf("@state/memory")],
      { cwd: project },
    );

    await writeFile(
      join(project, "checkpoint.ts"),
      `import { ObjectStoreBackend } from "@state/core";
import { MemoryStore } from "@state/memory";
const backend = await ObjectStoreBackend.open({ store: new MemoryStore(), instanceId: "a", vnodeCapacity: 1 });
const part = await backend.writePartial({ epoch: 0, vnode: 0, assignmentVersion: 0, bytes: new Uint8Array([1]) });
const { complete } = await backend.epochComplete({ epoch: 0, parts: [part] });
console.log(complete, (await backend.latest())?.vnodes);
`,
    );
    const checkpoint = await run(process.execPath, ["checkpoint.ts"], { cwd: project });
    expect(checkpoint.stdout).toBe("true [ 0 ]\n");

    await writeFile(
      join(project, "suite.test.ts"),
      `import { describe, test } from "node:test";
import { backendConformance, storeConformance } from "@state/core/conformance";
import { MemoryStore } from "@state/memory";
storeConformance({ describe, test }, { name: "memory", open: async () => new MemoryStore() });
backendConformance({ describe, test }, { name: "memory", open: async () => new MemoryStore() });
`,
    );
    const suite = await run(process.execPath, ["--test", "--test-reporter=tap", "suite.test.ts"], {
      cwd: project,
      env: { PATH: process.env["PATH"] },
    });
    expect(suite.stdout).toMatch(/^# fail 0$/m);
    expect(Number(/^# pass (\d+)$/m.exec(suite.stdout)?.[1])).toBeGreaterThan(80);

    const compilerOptions = {
      module: "NodeNext",
      target: "ES2024",
      lib: ["ES2024", "DOM", "ESNext.Disposable"],
      strict: true,
      noEmit: true,
      types: [],
    };
    await writeFile(
      join(project, "tsconfig.json"),
      JSON.stringify({ compilerOptions, files: ["checkpoint.ts"] }),
    );
    const compiled = await run(tool("tsc"), ["-p", project]).catch((error: unknown) => error);
    expect(compiled).toMatchObject({ stdout: "" });
  });
});

describe("the lock file", () => {
  test("names no host", async () => {
    expect(await readFile(join(root, "pnpm-lock.yaml"), "utf8")).not.toMatch(/https?:/);
  });
});
