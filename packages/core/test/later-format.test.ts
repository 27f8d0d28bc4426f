import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { World } from "../src/conformance/backend-suite/world.ts";
import type { ObjectStoreBackend } from "../src/index.ts";
import { MapStore } from "./support/map-store.ts";

/**
 * A namespace of format 1 whose newest seal, that of epoch 4, is of a format that this version does not know: a later
 * version has sealed it. Epochs 3 to 5 are there, and 3 is the floor.
 */
async function laterWorld(): Promise<{ readonly world: World; readonly store: MapStore }> {
  const path = join(import.meta.dirname, "golden/format-1.json");
  const objects = JSON.parse(readFileSync(path, "utf8")) as Record<string, string>;
  const store = new MapStore();
  const world = new World(store);
  for (const [key, text] of Object.entries(objects)) {
    const isNewest = key === "epoch=4/_COMMIT";
    await world.put(key, isNewest ? text.replace('"format":1', '"format":3') : text);
  }
  return { world, store };
}

function keysOf(store: MapStore): readonly string[] {
  return [...store.entries().keys()].toSorted();
}

const refused: readonly (readonly [string, (backend: ObjectStoreBackend) => Promise<unknown>])[] = [
  ["latest", (backend) => backend.latest()],
  ["latestCommittedEpoch", (backend) => backend.latestCommittedEpoch()],
  ["sealed, of that epoch", (backend) => backend.sealed(4)],
  ["sealedEpochs", (backend) => backend.sealedEpochs()],
  ["abort, of that epoch", (backend) => backend.abort(4)],
  ["prune by count", (backend) => backend.prune({ keep: 1 }, { asOperator: true })],
  ["prune by number", (backend) => backend.prune({ before: 4 }, { asOperator: true })],
  ["pin, of that epoch", (backend) => backend.pin({ epoch: 4, name: "later" })],
];

describe("an older version, where a later one has sealed", () => {
  test.each(refused)("refuses %s as UnknownFormat, and leaves every object as it was", async (_, call) => {
    const { world, store } = await laterWorld();
    const { backend } = await world.open("older", { vnodeCapacity: 8 });
    const before = keysOf(store);
    await expect(call(backend)).rejects.toMatchObject({ code: "UnknownFormat" });
    expect(keysOf(store)).toEqual(before);
  });

  test("refuses takeover as UnknownFormat, after its fence: whoever leads has to take over again", async () => {
    const { world, store } = await laterWorld();
    const { backend } = await world.open("older", { vnodeCapacity: 8 });
    const before = keysOf(store);
    await expect(backend.takeover({ version: 9 })).rejects.toMatchObject({ code: "UnknownFormat" });
    expect(keysOf(store)).toEqual([...before, "_control/fence=0000000000000009"].toSorted());
  });

  test("refuses to open a namespace of a later format", async () => {
    const store = new MapStore();
    const world = new World(store);
    await world.put("_control/namespace", JSON.stringify({ format: 2, vnodeCapacity: 8 }));
    const before = keysOf(store);
    await expect(world.open("older", { vnodeCapacity: 8 })).rejects.toMatchObject({ code: "UnknownFormat" });
    expect(keysOf(store)).toEqual(before);
  });

  test("reads the epochs below, and shows that one as unreadable", async () => {
    const { world } = await laterWorld();
    const { backend } = await world.open("older", { vnodeCapacity: 8, readOnly: true });
    expect((await backend.sealed(3))?.vnodes).toEqual([0, 1, 2]);
    const states: [number, string][] = [];
    for await (const { epoch, state } of backend.epochs()) states.push([epoch, state]);
    expect(states).toEqual([
      [3, "sealed"],
      [4, "unreadable"],
      [5, "open"],
    ]);
  });
});
