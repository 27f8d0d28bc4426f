import { expect, test } from "vitest";
import { ObjectStoreBackend } from "../../src/backend.ts";
import { World } from "../../src/conformance/backend-suite/world.ts";
import { standby } from "../../src/standby/index.ts";
import { CountingStore } from "../support/counting-store.ts";
import { MapStore } from "../support/map-store.ts";
import { VirtualClock } from "../support/virtual-clock.ts";

const patienceMs = 1000;
const leastPatience = (): number => 0;

/** What the docstring of `standby` says. @returns the requests of the looks, and of the takeover with the last of them */
async function requestsOf(
  namespace: MapStore,
  between: (look: number) => Promise<void> = async () => undefined,
): Promise<readonly number[]> {
  const store = new CountingStore(namespace);
  const backend = await ObjectStoreBackend.open({ store, instanceId: "B", vnodeCapacity: 128 });
  const clock = new VirtualClock();
  const looks: number[] = [];
  let before = store.schedule.length;
  const sleep = async (ms: number, signal?: AbortSignal): Promise<void> => {
    looks.push(store.schedule.length - before);
    await between(looks.length);
    before = store.schedule.length;
    return clock.sleep(ms, signal);
  };
  await clock.run(standby(backend, { patienceMs, clock: { now: clock.now, sleep }, random: leastPatience }));
  return [...looks, store.schedule.length - before];
}

/** With a seal on top of an epoch for each number, and the next one anchored. */
async function sealed(world: World, epochs: number): Promise<Awaited<ReturnType<World["lead"]>>> {
  const leader = await world.lead("A", 1);
  for (let epoch = 0; epoch < epochs; epoch++) await leader.seal(epoch, { 0: `state ${epoch}` });
  return leader;
}

test("a look sends 6 requests as long as nothing was pruned, and the first one reads up to 8 epochs", async () => {
  const namespace = new MapStore();
  await sealed(new World(namespace), 20);
  const looks = await requestsOf(namespace);
  expect(looks.slice(0, -1)).toEqual([1 + 2 + 8, 6, 6, 6]);
});

test("a look sends 5 requests once epochs were pruned, however many are left", async () => {
  const namespace = new MapStore();
  const leader = await sealed(new World(namespace), 40);
  await leader.backend.prune({ keep: 30 });
  const looks = await requestsOf(namespace);
  expect(looks.slice(0, -1)).toEqual([1 + 2 + 8, 5, 5, 5]);
});

test("each epoch that was sealed since the last look costs one request, at that look alone", async () => {
  const namespace = new MapStore();
  const leader = await sealed(new World(namespace), 3);
  await leader.backend.prune({ keep: 2 });
  const looks = await requestsOf(namespace, async (look) => {
    if (look === 2) for (const epoch of [3, 4]) await leader.seal(epoch, { 0: "more" });
  });
  expect(looks.slice(1, -1)).toEqual([5, 7, 5, 5, 5]);
});

test("where a version was claimed and nothing sealed, a look sends 5 requests", async () => {
  const namespace = new MapStore();
  await sealed(new World(namespace), 0);
  const looks = await requestsOf(namespace);
  expect(looks.slice(0, -1)).toEqual([5, 5, 5, 5]);
});

test("in an empty namespace one look and the takeover send 9 requests", async () => {
  expect(await requestsOf(new MapStore())).toEqual([9]);
});
