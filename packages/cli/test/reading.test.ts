import { rm } from "node:fs/promises";
import { ObjectStoreBackend } from "@state/core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { sealUnlessPruned } from "../src/reading.ts";
import { World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await World.begin();
});
afterAll(() => rm(world.directory, { recursive: true }));

test("an epoch that is pruned while a command looks is passed over, and every other failure ends it", async () => {
  const [first, second] = [await world.seal(1, [0, 1, 2, 3]), await world.seal(2, [0], [1, 2, 3])];
  await using backend = await ObjectStoreBackend.open({
    store: world.store,
    instanceId: "operator",
    vnodeCapacity: 4,
  });
  await backend.prune({ keep: 1 }, { asOperator: true });
  const { signal } = new AbortController();
  expect(await sealUnlessPruned(backend, first, signal)).toBeUndefined();
  expect((await sealUnlessPruned(backend, second, signal))?.epoch).toBe(second);
  await expect(sealUnlessPruned(backend, second, AbortSignal.abort("enough"))).rejects.toBe("enough");
});
