import { expect, test } from "vitest";
import { ObjectStoreBackend } from "../src/backend.ts";
import { World } from "../src/conformance/backend-suite/world.ts";
import { MapStore } from "./support/map-store.ts";

test("an epoch that is pruned between the reading of its seal and its listing lacks nothing: it is pruned", async () => {
  let prune: (() => Promise<unknown>) | undefined;
  const bodies = new Map<string, Uint8Array>();
  class PruningStore extends MapStore {
    override async get(key: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
      const body = await super.get(key);
      if (key === "epoch=3/_COMMIT") {
        const once = prune;
        prune = undefined;
        await once?.();
      }
      return body;
    }
  }
  const leader = await new World(new MapStore(bodies)).lead("A", 1);
  await leader.seal(3, { 0: "three" });
  await leader.seal(4, { 0: "four" });
  await using backend = await ObjectStoreBackend.open({
    store: new PruningStore(bodies),
    instanceId: "operator",
    readOnly: true,
  });
  prune = () => leader.backend.prune({ keep: 1 });
  expect(await backend.describeEpoch(3)).toMatchObject({ state: "pruned", missing: [] });
  expect(prune).toBeUndefined();
});
