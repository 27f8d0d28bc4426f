import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ObjectStoreBackend } from "@state/core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { World } from "./world.ts";

let world: World;

beforeEach(async () => {
  world = await World.begin();
  await world.seal(1, [0, 1, 2, 3]);
});

afterEach(() => rm(world.directory, { recursive: true }));

function isLatency(check: unknown): boolean {
  return String(check).startsWith("latency");
}

async function keysOf(): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const { objects } of world.store.list("")) keys.push(...objects.map(({ key }) => key));
  return keys;
}

test("a store that is well: each permission is told, and nothing is left behind", async () => {
  const before = await keysOf();
  const { values } = await world.json(["doctor", world.url, "--yes"]);
  const told = values.filter(({ check }) => check !== "proxy");
  expect(told.map(({ check }) => check)).toEqual([
    "list",
    "create",
    "create only what is absent",
    "get",
    "list what was created",
    "delete",
    "latency of create",
    "latency of get",
    "latency of list",
    "checkpoints",
  ]);
  // How long requests take is the machine's.
  expect(told.filter(({ check, outcome }) => outcome !== "ok" && !isLatency(check))).toEqual([]);
  expect(await keysOf()).toEqual(before);
});

test("what is not allowed is told, with the line that mends it", async () => {
  const adapter = join(world.directory, "denied.mjs");
  await writeFile(
    adapter,
    `import { StoreError } from ${JSON.stringify(import.meta.resolve("@state/core"))};
     import { storeFromUrl as open } from ${JSON.stringify(import.meta.resolve("@state/fs"))};
     export const urlSchemes = ["denied"];
     export function storeFromUrl(url) {
       const store = open(url.replace("denied:", "fs:"));
       const denied = (key) => new StoreError("Denied", "not for you", { store: "denied", key });
       store.create = async (key) => { throw denied(key); };
       return store;
     }`,
  );
  const url = world.url.replace("fs:", "denied:");
  const { code, values } = await world.json(["doctor", url, "--yes", "--adapter", adapter]);
  expect(code).toBe(1);
  expect(values).toContainEqual({
    check: "create",
    outcome: "failed",
    message: "Denied: not for you",
    next: "Grant create on this prefix",
  });
});

test("what makes a job's life hard is told: a clock, and pins of a copy that was interrupted", async () => {
  await using backend = await ObjectStoreBackend.open({
    store: world.store,
    instanceId: "operator",
    vnodeCapacity: 4,
  });
  const epoch = (await backend.latestCommittedEpoch()) ?? 0;
  await backend.pin({ epoch, name: "copy-1" });
  const now = Date.now;
  Date.now = () => now() - 3_600_000;
  try {
    const { code, values } = await world.json(["doctor", world.url, "--yes"]);
    expect(code).toBe(1);
    expect(values.filter(({ check, outcome }) => outcome === "warning" && !isLatency(check))).toMatchObject([
      { check: "clock", message: expect.stringMatching(/is 36\d\d s in the future/) },
      { check: "pins", message: `copy-1 keeps epoch ${epoch} for a copy` },
    ]);
  } finally {
    Date.now = now;
  }
});
