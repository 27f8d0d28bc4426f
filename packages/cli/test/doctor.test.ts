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

function isOfCheckpoints(check: unknown): boolean {
  return !isLatency(check) && check !== "file system";
}

async function keysOf(): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const { objects } of world.store.list("")) keys.push(...objects.map(({ key }) => key));
  return keys;
}

test("a store that is well: each permission is told, and nothing is left behind", async () => {
  const before = await keysOf();
  const { values } = await world.json(["doctor", world.url, "--yes"]);
  // Which file system a test is on, and how long requests take, is the machine's.
  const told = values.filter(({ check }) => check !== "file system");
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
    "durability",
    "checkpoints",
  ]);
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

const denied = `
  import { storeFromUrl as open } from ${JSON.stringify(import.meta.resolve("@state/fs"))};
  import { StoreError } from ${JSON.stringify(import.meta.resolve("@state/core"))};
  export const urlSchemes = ["odd"];
  export function storeFromUrl(url) {
    const store = open(url.replace("odd:", "fs:"));
    store.examine = EXAMINE;
    return store;
  }`;

/** The doctor on a store whose adapter examines its surroundings so. */
async function examinedBy(examine: string): Promise<Awaited<ReturnType<World["state"]>>> {
  const adapter = join(world.directory, "..", `${crypto.randomUUID()}.mjs`);
  await writeFile(adapter, denied.replace("EXAMINE", examine));
  try {
    return await world.state([
      "doctor",
      world.url.replace("fs:", "odd:"),
      "--yes",
      "--json",
      "--adapter",
      adapter,
    ]);
  } finally {
    await rm(adapter);
  }
}

function remarksIn({ text }: { readonly text: string }): readonly unknown[] {
  const values = text.split("\n").filter(Boolean);
  return values
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ check }) => ["versioning", "lifecycle", "surroundings"].includes(String(check)));
}

test("what the store says of its surroundings is told with the line that mends it, and a warning is a finding", async () => {
  const ran = await examinedBy(`async () => [
    { about: "versioning", outcome: "unknown", message: "not permitted to look", next: "Allow it" },
    { about: "lifecycle", outcome: "failed", message: "a rule deletes by age", next: "take it away" },
  ]`);
  expect(ran.code).toBe(1);
  expect(remarksIn(ran)).toEqual([
    { check: "versioning", outcome: "unknown", message: "not permitted to look", next: "Allow it" },
    { check: "lifecycle", outcome: "failed", message: "a rule deletes by age", next: "take it away" },
  ]);
});

test("what may not be seen is no finding, nor that an adapter does not look, or could not", async () => {
  const ran = await examinedBy(
    `async () => [{ about: "versioning", outcome: "unknown", message: "not permitted to look" }]`,
  );
  expect([ran.code, remarksIn(ran)]).toEqual([
    0,
    [{ check: "versioning", outcome: "unknown", message: "not permitted to look" }],
  ]);
  const silent = await examinedBy("undefined");
  expect([silent.code, remarksIn(silent)]).toEqual([
    0,
    [
      {
        check: "surroundings",
        outcome: "unknown",
        message: "this adapter does not look: versioning, lifecycle rules and storage classes are not known",
      },
    ],
  ]);
  const failing = await examinedBy(
    `async () => { throw new StoreError("Unavailable", "not now", { store: "odd", key: "" }); }`,
  );
  expect([failing.code, remarksIn(failing)]).toEqual([
    0,
    [{ check: "surroundings", outcome: "unknown", message: "the store could not look: not now" }],
  ]);
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
    expect(
      values.filter(({ check, outcome }) => outcome === "warning" && isOfCheckpoints(check)),
    ).toMatchObject([
      { check: "clock", message: expect.stringMatching(/is 3[56]\d\d s in the future/) },
      { check: "pins", message: `copy-1 keeps epoch ${epoch} for a copy` },
    ]);
  } finally {
    Date.now = now;
  }
});
