import { resolve } from "node:path";
import { startGcsDouble } from "@state/servers";
import { openReadme } from "@state/servers/testing";
import { afterAll, describe, expect, test } from "vitest";

const readme = await openReadme(resolve(import.meta.dirname, ".."));
afterAll(() => readme[Symbol.asyncDispose]());

describe("the code in the README", () => {
  test("compiles in the strictest settings", { timeout: 120_000 }, async () => {
    expect(await readme.compile()).toBe("");
  });

  test.each(readme.files)(
    "runs on an endpoint that the environment names: %s",
    { timeout: 60_000 },
    async (file) => {
      const double = await startGcsDouble({ bucket: "my-bucket", anonymous: true });
      expect(await readme.run(file, { STORAGE_EMULATOR_HOST: double.endpoint })).toBe("");
      expect(double.objects.get("jobs/flights/epoch=0/_COMMIT")).toBeDefined();
      await double.stop();
    },
  );
});

test("the role in the README is JSON, and names what the store does", () => {
  expect(readme.json).toHaveProperty(
    "includedPermissions",
    ["create", "get", "list", "delete"].map((action) => `storage.objects.${action}`),
  );
});
