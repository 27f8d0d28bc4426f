/** The store of the guide's section on services across a network, as it stands there. */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import type { ObjectStore, StoreError } from "@state/core";
import { isStoreError } from "@state/core";
import { backendConformance, storeConformance } from "@state/core/conformance";
import { afterAll, describe, expect, test } from "vitest";
import { startObjectServer } from "./object-server.ts";

type Constructor = new (options: { endpoint: string; idleTimeoutMs?: number }) => ObjectStore;

const run = promisify(execFile);
const root = resolve(import.meta.dirname, "../../..");
const guide = await readFile(join(root, "docs/writing-an-adapter.md"), "utf8");
const [, code = ""] = /^```ts\n((?:(?!^```).)*export class HttpStore .*?)^```$/ms.exec(guide) ?? [];
// Inside the package, so that imports resolve as they do for a user who installed them.
const scratch = await mkdtemp(join(import.meta.dirname, "../.snippets-"));
await writeFile(join(scratch, "http-store.ts"), code);
const { HttpStore } = (await import(join(scratch, "http-store.ts"))) as { HttpStore: Constructor };
const server = await startObjectServer();
afterAll(async () => {
  await server.stop();
  await rm(scratch, { recursive: true });
});

// Server and stores share this process: while it is busy with other cases, nobody is silent.
const at = (endpoint: string): ObjectStore => new HttpStore({ endpoint, idleTimeoutMs: 120_000 });
const open = (): ObjectStore => at(`${server.endpoint}/${crypto.randomUUID()}`);
const harness = {
  name: "HttpStore",
  open: async () => open(),
  reopen: async ({ name }: ObjectStore) => at(name),
};
storeConformance({ describe, test }, harness);
backendConformance({ describe, test }, harness);

test("compiles in the strictest settings", { timeout: 120_000 }, async () => {
  const compilerOptions = { types: ["node"], noEmit: true };
  const config = { extends: join(root, "tsconfig.typecheck.json"), compilerOptions };
  await writeFile(join(scratch, "tsconfig.json"), JSON.stringify(config));
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const result = await run(process.execPath, [tsc, "-p", scratch]).catch((error: unknown) => error);
  expect(result).toMatchObject({ stdout: "" });
});

async function errorOf(promise: Promise<unknown>): Promise<StoreError> {
  const error = await promise.catch((reason: unknown) => reason);
  if (!isStoreError(error)) throw new Error("no StoreError", { cause: error });
  return error;
}

describe("an abort of the caller", () => {
  test("ends a request that the service does not respond to, with the signal's own reason, and its connection", async () => {
    const store = open();
    const silent = server.next("silence");
    const controller = new AbortController();
    const getting = store.get("a/b", { signal: controller.signal });
    await silent.arrived;
    controller.abort("no longer needed");
    await expect(getting).rejects.toBe("no longer needed");
    await silent.closed;
  });

  test("ends a body in its middle, and its connection", async () => {
    const store = open();
    await store.create("a/b", new Uint8Array(1_000));
    const half = server.next("half and silence");
    const controller = new AbortController();
    const getting = store.get("a/b", { signal: controller.signal });
    await half.arrived;
    const reason = new Error("no longer needed");
    controller.abort(reason);
    await expect(getting).rejects.toBe(reason);
    await half.closed;
  });
});

describe("what the service does", () => {
  test.each([
    ["silence", "Unavailable", /no byte was sent or received for 50 ms/],
    ["half and silence", "Unavailable", /no byte was sent or received for 50 ms/],
    ["half and the end", "Unavailable", /terminated|aborted|closed/],
    ["a reset", "Unavailable", /fetch failed/],
    ["a proxy's 404", "Unavailable", /responded with 404/],
    ["403", "Denied", /responded with 403; ask for the permission/],
    ["429", "Throttled", /responded with 429/],
    ["400", "Failed", /responded with 400/],
  ] as const)("%s, is %s", async (behaviour, expected, message) => {
    const endpoint = `${server.endpoint}/${crypto.randomUUID()}`;
    await at(endpoint).create("a/b", new Uint8Array(1_000));
    const store = behaviour.endsWith("silence")
      ? new HttpStore({ endpoint, idleTimeoutMs: 50 })
      : at(endpoint);
    server.next(behaviour);
    const { code: seen, message: said, retryAfterMs } = await errorOf(store.get("a/b"));
    expect(seen).toBe(expected);
    expect(said).toMatch(message);
    expect(retryAfterMs).toBe(behaviour === "429" ? 7_000 : undefined);
  });

  test("a page that is not the service's, is Unavailable", async () => {
    const store = open();
    for (const page of ["<html>", "{}"] as const) {
      server.next(page);
      const listing = store.list("")[Symbol.asyncIterator]();
      expect((await errorOf(listing.next())).code).toBe("Unavailable");
    }
  });
});
