import { readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { builtModules, layProject, workerdConfig } from "./project.ts";
import { oldestNode, pinnedNode, type Runtime, runtimes, start, testOn, workerd } from "./runtime.ts";

const report = {
  digest: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  restored: ["abcd", "kept"],
  attachment: "offset 7",
  unchangedKey: "epoch=1/vnode=1/partial.bin",
  deposed: "StaleVersion",
  sealed: [1, 2, 4],
  pruned: { floor: 4, epochs: 4, objects: 9 },
  readAfterPrune: ["abcde", "kept"],
  prunedRead: "EpochPruned",
  aborted: "Error: enough",
  keys: [
    "_control/fence=0000000000000001",
    "_control/fence=0000000000000002",
    "_control/floor=0000000000000004",
    "_control/namespace",
    "epoch=1/vnode=1/partial.bin",
    "epoch=4/_ANCHOR",
    "epoch=4/_COMMIT",
    "epoch=4/vnode=0/partial.bin",
    "epoch=5/_ANCHOR",
  ],
  events: ["create", "delete", "get", "list", "pruned", "sealed", "stale", "takeover", "void"],
  codecs: {
    foreign: ["the state of a vnode", "the state of vnode 3"],
    same: true,
    smaller: true,
    bomb: "the gzip holds more than the 1000 bytes that were encoded",
    cut: "the 20 bytes are no gzip, or not the whole of one; TypeError",
    moved:
      "the bytes do not decrypt with the key k1: the key is another, or the bytes are, " +
      "or they belong to another epoch or place; OperationError",
    readOnlyKey: 'the key k1 has no usage "encrypt": it reads, and cannot write',
  },
};

let project: string;

beforeAll(async () => {
  project = await layProject();
}, 120_000);

afterAll(() => rm(project, { recursive: true }));

async function versionOf(runtime: Runtime): Promise<string> {
  const { stdout } = await start(runtime, ["--version"], project);
  return stdout.trim();
}

describe.each(runtimes)("on $name", (runtime) => {
  testOn(runtime, "an incremental epoch goes through seal, read, takeover and prune", async () => {
    const { code, stdout, stderr } = await start(runtime, runtime.arguments, project);
    expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
    expect(JSON.parse(stdout)).toEqual({ runtime: expect.stringMatching(runtime.agent) as string, report });
  });
});

describe("the Nodes", () => {
  testOn(oldestNode, "the oldest is the very one that `engines` names", async () => {
    const manifest = await readFile(join(project, "node_modules/@state/core/package.json"), "utf8");
    const { engines } = JSON.parse(manifest) as { engines: { node: string } };
    expect(`>=${(await versionOf(oldestNode)).slice(1)}`).toBe(engines.node);
  });

  testOn(pinnedNode, "the pinned one is what the workspace pins, and what runs these tests", async () => {
    const workspace = await readFile(resolve(import.meta.dirname, "../../../pnpm-workspace.yaml"), "utf8");
    const version = await versionOf(pinnedNode);
    expect(workspace).toContain(`node: ${version.slice(1)}\n`);
    expect(process.version).toBe(version);
  });
});

describe("the build", () => {
  test("imports nothing of Node's", async () => {
    const modules = await builtModules(project);
    expect(modules).toContain("@state/core/dist/index.js");
    expect(modules).toContain("@state/core/dist/codecs/index.js");
    for (const module of modules) {
      const code = await readFile(join(project, "node_modules", module), "utf8");
      expect(code, module).not.toMatch(/["'`]node:|\brequire\(/);
    }
  });

  testOn(pinnedNode, "does nothing random, timed or asynchronous while it is loaded", async () => {
    await writeFile(join(project, "empty.js"), "export const nothing = 0;");
    await writeFile(join(project, "loud.js"), "Math.random(); Date.now(); setTimeout(() => 0, 0);");
    const specifiers = ["./empty.js", "./loud.js", "@state/core", "@state/core/codecs", "@state/memory"];
    const { stdout } = await start(pinnedNode, ["load-effects.js", ...specifiers], project);
    const doings = JSON.parse(stdout) as Record<string, string[]>;
    expect(doings["./loud.js"]).toEqual(expect.arrayContaining(["random", "now", "Timeout"]));
    // What the loader itself does for a module, and no more.
    expect(doings["@state/core"]).toEqual(doings["./empty.js"]);
    expect(doings["@state/core/codecs"]).toEqual(doings["./empty.js"]);
    expect(doings["@state/memory"]).toEqual(doings["./empty.js"]);
  });

  testOn(workerd, "would be refused by workerd if it did, or if it imported from Node", async () => {
    const worker = await readFile(join(project, "worker.js"), "utf8");
    await writeFile(join(project, "faulty.capnp"), await workerdConfig(project, "faulty.js"));
    for (const fault of ["crypto.randomUUID();", "setTimeout(() => 0, 0);", 'import "node:fs";']) {
      await writeFile(join(project, "faulty.js"), `${fault}\n${worker}`);
      const { code, stderr } = await start(workerd, ["test", "faulty.capnp"], project);
      expect(code, fault).toBe(1);
      expect(stderr).toMatch(/global scope|No such module "node:fs"/);
    }
  });
});
