import { ObjectStoreBackend, type SealedEpoch, type StateBackend } from "@state/core";
import type { Capture, KafkaRecord, OutputRecord } from "@state/kafka";
import { MemoryStore } from "@state/memory";
import { expect, test } from "vitest";
import { AirportsDatabase } from "../src/airports-database.ts";
import { AirportsTask, vnodeCapacity } from "../src/airports-task.ts";

const output = { topic: "airports", partition: 3 };

function record(offset: number, origin: string, delay: number): KafkaRecord {
  const value = Buffer.from(JSON.stringify({ origin, destination: "LAX", delay }));
  return { offset: BigInt(offset), timestamp: 0n, key: null, value, headers: [] };
}

function textsOf(records: readonly OutputRecord[]): readonly string[] {
  return records.map(({ value }) => Buffer.from(value ?? []).toString());
}

async function openBackend(): Promise<StateBackend> {
  const store = new MemoryStore();
  const backend = await ObjectStoreBackend.open({ store, instanceId: "test", vnodeCapacity });
  await backend.takeover({ version: 1 });
  return backend;
}

/** Seals a capture as a job does. */
async function seal(
  backend: StateBackend,
  epoch: number,
  { vnodes, dropped }: Capture,
): Promise<SealedEpoch> {
  const before = (await backend.latest())?.vnodes ?? [];
  const parts = [];
  for (const [vnode, bytes] of vnodes)
    parts.push(await backend.writePartial({ epoch, vnode, assignmentVersion: 1, bytes }));
  const unchanged = before.filter((vnode) => !vnodes.has(vnode) && dropped?.includes(vnode) !== true);
  await backend.epochComplete({ epoch, parts, unchanged, dropped: dropped ?? [] });
  const sealed = await backend.latest();
  if (sealed === undefined) throw new Error("nothing is sealed");
  return sealed;
}

test("each flight has a result with the airport's number and sums so far", async () => {
  const task = new AirportsTask(output);
  await task.restore(undefined);
  const emitted: OutputRecord[] = [];

  task.process([record(0, "SEA", 5), record(1, "JFK", -2), record(2, "SEA", 3)], (one) => emitted.push(one));

  expect(textsOf(emitted)).toEqual([
    '{"offset":0,"airport":"SEA","count":1,"sum":5,"sumOfSquares":25}',
    '{"offset":1,"airport":"JFK","count":1,"sum":-2,"sumOfSquares":4}',
    '{"offset":2,"airport":"SEA","count":2,"sum":8,"sumOfSquares":34}',
  ]);
  expect(emitted[0]).toMatchObject(output);
  await task.close();
});

test("an epoch writes one changeset, and the sixteenth a new base without them; each restores to the same state", async () => {
  const backend = await openBackend();
  const task = new AirportsTask(output);
  await task.restore(undefined);
  const vnodes: (readonly number[])[] = [];

  for (let epoch = 0; epoch < 18; epoch++) {
    task.process([record(epoch, epoch % 2 === 0 ? "SEA" : "JFK", epoch)], () => undefined);
    const capture = await task.capture();
    const sealed = await seal(backend, epoch, capture);
    vnodes.push([...capture.vnodes.keys()]);
    const restored = await AirportsDatabase.restore(sealed);
    expect([...restored.all().values()].reduce((sum, { count }) => sum + count, 0)).toBe(epoch + 1);
    await restored.close();
  }

  expect(vnodes.map(([vnode]) => vnode)).toEqual([
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1,
  ]);
  expect((await backend.latest())?.vnodes).toEqual([0, 1]);
  await task.close();
  await backend.close();
});

test("a restored task goes on with the next changeset, and an epoch without a flight writes none", async () => {
  const backend = await openBackend();
  const first = new AirportsTask(output);
  await first.restore(undefined);
  first.process([record(0, "SEA", 1)], () => undefined);
  await seal(backend, 0, await first.capture());
  first.process([record(1, "SEA", 2)], () => undefined);
  const base = await seal(backend, 1, await first.capture());
  await first.close();

  const second = new AirportsTask(output);
  await second.restore(base);
  expect((await second.capture()).vnodes.size).toBe(0);
  second.process([record(2, "SEA", 4)], () => undefined);
  const capture = await second.capture();
  expect([...capture.vnodes.keys()]).toEqual([2]);
  const restored = await AirportsDatabase.restore(await seal(backend, 2, capture));
  expect([...restored.all()]).toEqual([["SEA", { count: 3, sum: 7, sumOfSquares: 21 }]]);
  await restored.close();
  await second.close();
  await backend.close();
});

test("a changeset that does not fit its base is an error, not a wrong state", async () => {
  const backend = await openBackend();
  const task = new AirportsTask(output);
  await task.restore(undefined);
  task.process([record(0, "SEA", 1)], () => undefined);
  await seal(backend, 0, await task.capture());
  task.process([record(1, "SEA", 2)], () => undefined);
  const { vnodes } = await task.capture();
  const changeset = vnodes.get(1);
  if (!(changeset instanceof Uint8Array)) throw new Error("vnode 1 is a changeset");
  const twice = new Map([
    [1, changeset],
    [2, changeset],
  ]);
  const sealed = await seal(backend, 1, { vnodes: twice });

  await expect(AirportsDatabase.restore(sealed)).rejects.toThrow("changeset 2 of epoch 1 does not fit");
  await task.close();
  await backend.close();
});
