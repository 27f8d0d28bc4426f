import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { StateError, type StateErrorCode, StoreError, type StoreErrorCode } from "@state/core";
import { exitCodeOf } from "../src/exit-code.ts";
import { commands } from "../src/commands/index.ts";
import { openStore } from "../src/open-store.ts";
import { World } from "./world.ts";

let world: World;

beforeAll(async () => {
  world = await World.begin();
  await world.seal(1, [0, 1, 2, 3]);
});

afterAll(() => rm(world.directory, { recursive: true }));

test("the help lists every command, and each command's help has examples that can be typed", async () => {
  const { code, text } = await world.state(["--help"]);
  expect(code).toBe(0);
  for (const command of commands) {
    expect(text).toContain(`  ${command.name} STORE`);
    const help = await world.state([command.name, "--help"]);
    expect([help.code, help.text]).toEqual([0, expect.stringContaining("EXAMPLES")]);
    for (const example of command.examples) expect(example).toMatch(new RegExp(`^${command.name} \\w+:`));
    for (const line of help.text.split("\n")) expect(line.length).toBeLessThanOrEqual(100);
  }
});

describe("is called wrongly:", () => {
  test.each([
    [[], 2],
    [["frobnicate"], 2],
    [["ls"], 2],
    [["ls", "nowhere"], 2],
    [["ls", "tape:1"], 2],
    [["ls", "fs:/nothing/is/here"], 2],
    [["ls", "fs:.", "extra"], 2],
    [["ls", "fs:.", "--unknown"], 2],
    [["ls", "fs:.", "--limit", "none"], 2],
    [["show", "fs:.", "-1"], 2],
    [["completion", "cmd"], 2],
  ] as const)("%j", async (args, code) => {
    expect(await world.state(args)).toMatchObject({ code });
  });
});

function state(code: StateErrorCode): StateError {
  return new StateError(code, "so", { sealed: "unknown" });
}

function store(code: StoreErrorCode): StoreError {
  return new StoreError(code, "so");
}

test("each kind of failure has its exit status", () => {
  expect(exitCodeOf(state("Corrupt"))).toBe(1);
  expect(exitCodeOf(store("Unsupported"))).toBe(1);
  expect(exitCodeOf(state("NamespaceAbsent"))).toBe(2);
  expect(exitCodeOf(new RangeError("so"))).toBe(2);
  expect(exitCodeOf(state("StoreFailed"))).toBe(3);
  expect(exitCodeOf(store("Denied"))).toBe(3);
  expect(exitCodeOf(state("OutcomeUnknown"))).toBe(4);
  expect(exitCodeOf(state("StaleVersion"))).toBe(5);
  expect(exitCodeOf(new Error("a fault of this program"))).toBeUndefined();
});

test("an error is a value for programs too", async () => {
  const { values } = await world.json(["ls", "fs:/nothing/is/here"]);
  expect(values).toMatchObject([{ error: { code: "NamespaceAbsent" } }]);
});

test("a script for each shell completes each command", async () => {
  for (const shell of ["bash", "zsh", "fish"]) {
    const { text } = await world.state(["completion", shell]);
    for (const { name } of commands) expect(text).toContain(name);
  }
  const { text } = await world.state(["completion", "bash"]);
  const script = `${text}\nCOMP_WORDS=(state verify fs:. --d); COMP_CWORD=3; _state; echo "\${COMPREPLY[@]}"`;
  const { stdout } = await promisify(execFile)("bash", ["-c", script]);
  expect(stdout).toBe("--deep\n");
});

describe("an adapter is found", () => {
  let project: string;
  beforeAll(async () => {
    project = await mkdtemp(join(tmpdir(), "state-cli-project-"));
    const folder = join(project, "node_modules/tape-store");
    await mkdir(folder, { recursive: true });
    const manifest = { name: "tape-store", type: "module", exports: { import: "./index.js" } };
    await writeFile(join(folder, "package.json"), JSON.stringify(manifest));
    const code = `export const urlSchemes = ["tape"]; export const storeFromUrl = (url) => ({ name: url });`;
    await writeFile(join(folder, "index.js"), code);
  });
  afterAll(() => rm(project, { recursive: true }));

  test("in the caller's project, by its package", async () => {
    const opened = await openStore({ url: "tape:7", adapter: "tape-store", directory: project });
    expect(opened.name).toBe("tape:7");
  });

  test("or it is said what to install", async () => {
    const opened = openStore({ url: "s3://bucket/job", adapter: undefined, directory: project });
    await expect(opened).rejects.toThrow(`@state/s3 is not installed in ${project}: npm install @state/s3`);
    const others = openStore({ url: "s3://bucket/job", adapter: "tape-store", directory: project });
    await expect(others).rejects.toThrow("tape-store has no stores of s3, but of tape");
  });
});

test("the program itself prints, and exits with the code", async () => {
  const main = join(import.meta.dirname, "../src/main.ts");
  const program = promisify(execFile);
  const { stdout } = await program(process.execPath, [main, "verify", world.url]);
  expect(stdout).toContain("sound");
  await expect(program(process.execPath, [main, "ls", "fs:/nothing/is/here"])).rejects.toMatchObject({
    code: 2,
  });
  await expect(program(process.execPath, [main, "abort", world.url, "0"])).rejects.toMatchObject({ code: 2 });
});
