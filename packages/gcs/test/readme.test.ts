import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { startGcsDouble } from "servers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const run = promisify(execFile);
const folder = resolve(import.meta.dirname, "..");
const root = resolve(folder, "../..");
const readme = await readFile(join(folder, "README.md"), "utf8");
const snippets = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = ""], index) => ({
  file: `${index + 1}.ts`,
  code,
}));
let scratch: string;

beforeAll(async () => {
  // Inside the package, so that imports resolve as they do for a user who installed them.
  scratch = await mkdtemp(join(folder, ".snippets-"));
  const compilerOptions = {
    types: ["node"],
    noEmit: true,
    isolatedDeclarations: false,
    noUnusedLocals: false,
  };
  await writeFile(
    join(scratch, "tsconfig.json"),
    JSON.stringify({ extends: join(root, "tsconfig.base.json"), compilerOptions }),
  );
  for (const { file, code } of snippets) await writeFile(join(scratch, file), code);
});

afterAll(() => rm(scratch, { recursive: true }));

describe("the code in the README", () => {
  test("compiles in the strictest settings", { timeout: 120_000 }, async () => {
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    const result = await run(process.execPath, [tsc, "-p", scratch]).catch((error: unknown) => error);
    expect(result).toMatchObject({ stdout: "" });
  });

  test.each(snippets)(
    "runs on an endpoint that the environment names: $file",
    { timeout: 60_000 },
    async ({ file }) => {
      const double = await startGcsDouble({ bucket: "my-bucket", anonymous: true });
      const env = { ...process.env, STORAGE_EMULATOR_HOST: double.endpoint };
      const result = await run(process.execPath, [join(scratch, file)], { env });
      expect(result).toEqual({ stdout: "", stderr: "" });
      expect(double.objects.get("jobs/flights/epoch=0/_COMMIT")).toBeDefined();
      await double.stop();
    },
  );
});

describe("the role in the README", () => {
  test("is JSON, and names what the store does", () => {
    const [, role = ""] = /^```json\n(.*?)^```$/ms.exec(readme) ?? [];
    expect(JSON.parse(role)).toHaveProperty(
      "includedPermissions",
      ["create", "get", "list", "delete"].map((action) => `storage.objects.${action}`),
    );
  });
});
