import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { startS3Double } from "servers";
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
    "runs on a bucket that is named by the environment: $file",
    { timeout: 60_000 },
    async ({ file }) => {
      const double = await startS3Double({ buckets: ["my-bucket"], sessionToken: "token" });
      const env = {
        ...process.env,
        AWS_ENDPOINT_URL_S3: double.endpoint,
        AWS_REGION: double.region,
        AWS_ACCESS_KEY_ID: double.accessKeyId,
        AWS_SECRET_ACCESS_KEY: double.secretAccessKey,
        AWS_SESSION_TOKEN: "token",
      };
      const result = await run(process.execPath, [join(scratch, file)], { env });
      expect(result).toEqual({ stdout: "", stderr: "" });
      const sealed = double.requests.filter(
        ({ key, method }) => method === "PUT" && key.endsWith("/_COMMIT"),
      );
      expect(sealed.map(({ bucket, key }) => `${bucket}/${key}`)).toEqual(
        file === "1.ts" ? ["my-bucket/jobs/flights/epoch=0/_COMMIT"] : [],
      );
      await double.stop();
    },
  );
});

describe("the permissions in the README", () => {
  test("are JSON, and name what the store calls", () => {
    const [, policy = ""] = /^```json\n(.*?)^```$/ms.exec(readme) ?? [];
    const { Statement: statements } = JSON.parse(policy) as {
      readonly Statement: readonly { readonly Action: string | readonly string[] }[];
    };
    expect(statements.flatMap(({ Action: action }) => action)).toEqual([
      "s3:PutObject",
      "s3:GetObject",
      "s3:DeleteObject",
      "s3:ListBucket",
    ]);
  });
});
