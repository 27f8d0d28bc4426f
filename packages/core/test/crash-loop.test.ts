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
  const last = await world.open("A");
  const { nextEpoch: epoch } = await last.backend.takeover({ version: lives + 2 });
  await last.seal(epoch, { 0: "after" });

  const report = await last.backend.prune({ keep: 1 });

  // An anchor, a partial and a void of each life; of the first leader's the anchors beside its seal, and a void of one.
  const objects = 3 * lives + 5;
  expect(report).toMatchObject({ floor: epoch, epochs: lives + 3, objects, failedCount: 0 });
  const keys = await world.keys();
  expect(keys.filter((key) => key.startsWith("epoch="))).toEqual([
    `epoch=${epoch}/_ANCHOR`,
    `epoch=${epoch}/_COMMIT`,
    `epoch=${epoch}/vnode=0/partial.bin`,
    `epoch=${epoch + 1}/_ANCHOR`,
  ]);
  expect(keys.filter((key) => key.startsWith("_control/fence="))).toHaveLength(keptControls);

  const { backend, store } = await world.open("A");
  const sent = store.requests.length;
  await backend.takeover({ version: lives + 3 });
  expect(store.requests.length - sent).toBe(8);
});
