import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";
import { consumerOf, expectLaid } from "../src/projects.ts";
import { type PublicPackage, publicPackages, tool } from "../src/tarballs.ts";

const run = promisify(execFile);

beforeAll(expectLaid);

const clouds = ["@aws-sdk/client-s3", "@azure/storage-blob", "@google-cloud/storage"];

interface Setting {
  readonly title: string;
  readonly lib: readonly string[];
  readonly types: readonly string[];
}

const settings: readonly Setting[] = [
  { title: "ES2022 and the types of Node 22", lib: ["ES2022"], types: ["node"] },
  { title: "ESNext and DOM", lib: ["ESNext", "DOM"], types: [] },
];

/** Packages whose types work only with those of Node, and why. */
const needNode: Readonly<Record<string, string>> = {
  "@state/azure": "the SDK's clients name Buffer and NodeJS.ReadableStream",
  "@state/gcs": "the SDK's clients name Buffer, streams and http",
  "@state/s3": "the SDK's configuration names http.Agent",
};

/** Everything that npm laid into `node_modules`, however deep. */
async function landedIn(project: string): Promise<string[]> {
  const lock = await readFile(join(project, "node_modules/.package-lock.json"), "utf8");
  const { packages } = JSON.parse(lock) as { packages: Record<string, unknown> };
  const names = Object.keys(packages).map((path) => path.slice(path.lastIndexOf("node_modules/") + 13));
  return [...new Set(names)].toSorted();
}

describe.each(publicPackages)("an empty project with $name", ({ name, manifest }) => {
  const project = consumerOf(name);

  test("has what the package asks for, and no other cloud's SDK", async () => {
    const landed = await landedIn(project);
    // npm installs peers too.
    const asked = { ...manifest.dependencies, ...manifest.peerDependencies };
    const own = Object.keys(asked).filter((each) => each !== "@state/core");
    expect(landed.filter((each) => each.startsWith("@state/"))).toEqual(
      [...new Set(["@state/core", name])].toSorted(),
    );
    expect(landed.filter((each) => clouds.includes(each))).toEqual(
      clouds.filter((each) => own.includes(each)),
    );
    if (own.length === 0) expect(landed.filter((each) => !each.startsWith("@state/"))).toEqual([]);
  });

  test("is loaded by CommonJS with require", async () => {
    const code = `process.stdout.write(Object.keys(require(${JSON.stringify(name)})).join())`;
    const { stdout } = await run(process.execPath, ["--input-type=commonjs", "-e", code], { cwd: project });
    expect(stdout).toMatch(/Store|ObjectStoreBackend|instrument|exitCodes|KafkaJob|run/);
  });

  for (const moduleResolution of ["nodenext", "bundler"]) {
    test.each(settings)(
      `compiles with every entry under ${moduleResolution}, $title`,
      { timeout: 60_000 },
      async ({ lib, types }) => {
        const module = moduleResolution === "nodenext" ? "nodenext" : "esnext";
        const named = name in needNode ? ["node"] : types;
        const compilerOptions = {
          moduleResolution,
          module,
          lib,
          types: named,
          target: "ES2022",
          strict: true,
        };
        const file = `${moduleResolution}-${lib.join("-")}`;
        await writeFile(join(project, `${file}.ts`), importing({ name, manifest }));
        await writeFile(
          join(project, `${file}.json`),
          JSON.stringify({
            compilerOptions: { ...compilerOptions, skipLibCheck: false, noEmit: true },
            files: [`${file}.ts`],
          }),
        );
        const compiled = await run(tool("tsc"), ["-p", join(project, `${file}.json`)]).catch(
          (error: unknown) => error,
        );
        expect(compiled).toMatchObject({ stdout: "" });
      },
    );
  }
});

function importing({ name, manifest }: Pick<PublicPackage, "name" | "manifest">): string {
  const entries = Object.keys(manifest.exports ?? {}).filter((entry) => !entry.endsWith(".json"));
  const specifiers = entries.map((entry) => JSON.stringify(name + entry.slice(1)));
  return specifiers.map((specifier, index) => `export * as entry${index} from ${specifier};\n`).join("");
}

describe("two copies of core in one process", () => {
  test("know each other's errors, and each retries what the other calls throttled", async () => {
    const program = join(consumerOf("copies"), "copies.mjs");
    await writeFile(
      program,
      `import * as one from "./one/node_modules/@state/core/dist/index.js";
import * as two from "./two/node_modules/@state/core/dist/index.js";

const results = [];
for (const [here, there] of [[one, two], [two, one]]) {
  const throttled = new there.StoreError("Throttled", "slow down");
  const refused = new there.StateError("Closed", "closed", { sealed: "unknown" });
  const bodies = new Map();
  let thrown = 0;
  const store = {
    name: "copy",
    async create(key, body) {
      if (thrown++ === 0) throw throttled;
      if (bodies.has(key)) return "exists";
      bodies.set(key, body.slice());
      return "created";
    },
    get: async (key) => bodies.get(key)?.slice(),
    async *list() {},
    delete: async () => [],
  };
  const retry = { sleep: async () => {} };
  const backend = await here.ObjectStoreBackend.open({ store, instanceId: "a", vnodeCapacity: 1, retry });
  results.push({
    another: here.StoreError !== there.StoreError && !(throttled instanceof here.StoreError),
    store: here.isStoreError(throttled) && !here.isStateError(throttled),
    state: here.isStateError(refused) && !here.isStoreError(refused),
    opened: backend.vnodeCapacity === 1,
    retried: thrown > 1,
  });
}
console.log(JSON.stringify(results));
`,
    );
    const { stdout } = await run(process.execPath, [program]);
    const good = { another: true, store: true, state: true, opened: true, retried: true };
    expect(JSON.parse(stdout)).toEqual([good, good]);
  }, 120_000);
});

describe("an empty project that installs the tarballs", () => {
  test("takes a checkpoint, runs the suite on node:test, and compiles", { timeout: 120_000 }, async () => {
    const project = consumerOf("together");
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
storeConformance({ describe, test }, { name: "memory", wholeListings: true, open: async () => new MemoryStore() });
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
