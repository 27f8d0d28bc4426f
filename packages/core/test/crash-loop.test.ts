import { expect, test } from "vitest";
import { World } from "../src/conformance/backend-suite/world.ts";
import { keptControls } from "../src/control.ts";
import { MapStore } from "./support/map-store.ts";

const lives = 300;

test("of 300 lives that died before their seal a prune leaves the newest seal and sixteen fences", async () => {
  const world = new World(new MapStore());
  const healthy = await world.lead("A", 1);
  await healthy.seal(1, { 0: "before" });
  for (let life = 2; life <= lives + 1; life++) {
    const actor = await world.open("A");
    const { nextEpoch } = await actor.backend.takeover({ version: life });
    await actor.write(nextEpoch, 0, "never sealed");
  }
  const last = await world.lead("A", lives + 2);
  const epoch = lives + 2;
  await last.seal(epoch, { 0: "after" });

  const report = await last.backend.prune({ keep: 1 });

  expect(report).toMatchObject({ floor: epoch, epochs: lives + 1, objects: 2 * (lives + 1), failedCount: 0 });
  const keys = await world.keys();
  expect(keys.filter((key) => key.startsWith("epoch="))).toEqual([
    `epoch=${epoch}/_COMMIT`,
    `epoch=${epoch}/vnode=0/partial.bin`,
  ]);
  expect(keys.filter((key) => key.startsWith("_control/fence="))).toHaveLength(keptControls);

  const { backend, store } = await world.open("A");
  const sent = store.requests.length;
  await backend.takeover({ version: lives + 3 });
  expect(store.requests.length - sent).toBe(5);
});
