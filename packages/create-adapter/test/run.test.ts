import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readExample } from "../build/template.ts";
import { run } from "../src/index.ts";

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "state-create-"));
});

afterEach(() => rm(directory, { recursive: true }));

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly questions: readonly string[];
}

/** Runs the command in `directory`; somebody is there if there are responses. */
async function create(args: readonly string[], responses?: readonly string[]): Promise<Outcome> {
  const outcome = { stdout: "", stderr: "", questions: [] as string[] };
  const left = [...(responses ?? [])];
  const code = await run(args, {
    directory,
    template: await readExample(),
    write: (text) => (outcome.stdout += text),
    writeError: (text) => (outcome.stderr += text),
    ...(responses !== undefined && {
      ask: async (question: string) => {
        outcome.questions.push(question);
        return left.shift() ?? "";
      },
    }),
  });
  return { code, ...outcome };
}

async function filesIn(folder: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const entry of await readdir(join(directory, folder), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    files.set(path.slice(join(directory, folder).length + 1), await readFile(path, "utf8"));
  }
  return files;
}

describe("a new project", () => {
  test("has every file of the example, under the user's names", async () => {
    const { code, stderr } = await create(["my-store", "--name", "@me/state-my-store"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const files = await filesIn("my-store");
    expect([...files.keys()].toSorted()).toEqual(Object.keys(await readExample()).toSorted());
    const all = [...files.values()].join("\n");
    expect(all).not.toMatch(/SqliteStore|state-sqlite|["`]sqlite:/);
    expect(files.get("src/store.ts")).toContain("export class MyStore implements ObjectStore");
    expect(files.get("src/store.ts")).toContain("this.name = `my-store:${options.path}`");
    expect(JSON.parse(files.get("package.json") ?? "")).toMatchObject({
      name: "@me/state-my-store",
      private: true,
      peerDependencies: { "@state/core": "^1.0.0" },
    });
  });

  test("leads to nothing outside of it", async () => {
    await create(["my-store"]);
    for (const [path, text] of await filesIn("my-store")) {
      expect(text.match(/\]\(\.\.\/[^)]*\)/g), path).toBeNull();
    }
    // No scope stands in the name of a temporary folder.
    expect((await filesIn("my-store")).get("test/conformance.ts")).toContain('join(tmpdir(), "my-store-")');
  });

  test("installs core from the tarball that --core names", async () => {
    await create(["my-store", "--core", "core.tgz"]);
    const manifest = JSON.parse((await filesIn("my-store")).get("package.json") ?? "") as object;
    const devDependencies = expect.objectContaining({ "@state/core": `file:${join(directory, "core.tgz")}` });
    expect(manifest).toMatchObject({ devDependencies });
  });

  test("is told what comes next", async () => {
    const { stdout } = await create(["adapters/my-store"]);
    expect(stdout).toContain("cd adapters/my-store && npm install && npm test\n");
    expect(stdout).toContain("the four operations of MyStore\n");
  });

  test("goes into a folder that is there and empty", async () => {
    await mkdir(join(directory, "empty"));
    expect(await create(["empty"])).toMatchObject({ code: 0 });
    expect(await filesIn("empty")).toContainEqual([".gitignore", "node_modules/\ndist/\n*.tgz\n"]);
  });
});

describe("the questions", () => {
  test("are for the folder and the name, if somebody is there", async () => {
    const { code, questions } = await create([], ["my-store", "@me/other"]);
    expect({ code, questions }).toEqual({
      code: 0,
      questions: ["Folder of the new adapter: ", "Name of its package (state-my-store): "],
    });
    expect((await filesIn("my-store")).get("package.json")).toContain('"name": "@me/other"');
  });

  test("are not asked for what the arguments say", async () => {
    expect((await create(["my-store", "--name", "mine"], [])).questions).toEqual([]);
  });

  test("take the default for an empty line", async () => {
    await create(["my-store"], [""]);
    expect((await filesIn("my-store")).get("package.json")).toContain('"name": "state-my-store"');
  });

  test("are not asked if nobody is there: a missing folder is an error", async () => {
    expect(await create([])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("is missing") as string,
    });
    expect(await readdir(directory)).toEqual([]);
  });
});

describe("what cannot be done", () => {
  test("is a folder with anything in it, hidden or not, and it stays as it was", async () => {
    await mkdir(join(directory, "full"));
    await writeFile(join(directory, "full/.hidden"), "mine");
    const { code, stderr } = await create(["full"]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/full is not empty \(\.hidden\), and nothing was written/);
    expect([...(await filesIn("full"))]).toEqual([[".hidden", "mine"]]);
  });

  test("is a file where the folder would be", async () => {
    await writeFile(join(directory, "taken"), "mine");
    expect(await create(["taken"])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("is a file") as string,
    });
  });

  test.each([[["a", "b"]], [["a", "--colour"]], [["a", "--name", "No Name"]], [["3fs"]]])(
    "is %j, and nothing is written",
    async (args) => {
      expect(await create(args)).toMatchObject({ code: 2, stdout: "" });
      expect(await readdir(directory)).toEqual([]);
    },
  );

  test("is said with the usage that --help prints", async () => {
    const { stdout } = await create(["--help"]);
    expect(stdout).toContain("npm create @state/adapter [FOLDER]");
    expect((await create([])).stderr).toContain(stdout);
  });
});
