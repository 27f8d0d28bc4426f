import type { Histogram } from "@opentelemetry/sdk-metrics";
import type { PruneReport } from "@state/core";
import { describe, expect, test } from "vitest";
import { pointsOf, recorded, seal, values, type Watched, watchedBackend } from "./support/watched-backend.ts";

describe("a call", () => {
  test("is counted and timed in seconds, by its name and by what it failed with", async () => {
    const watched = await watchedBackend();
    const { backend, clock, store } = watched;
    store.refuse("list _control/", "Denied");
    await backend.control().catch(() => undefined);
    const held = store.hold("list _control/");

    const call = backend.control();
    await held.arrived;
    clock.ms += 1_500;
    held.release();
    await call;

    expect(await recorded(watched, "state.call.duration")).toEqual({
      "state.call=open": [1, 0],
      "error.type=StoreFailed state.call=control": [1, 0],
      "state.call=control": [1, 1.5],
    });
  });

  test("whose outcome is not known is counted, from zero on", async () => {
    const watched = await watchedBackend({ retry: { attempts: 1 } });
    const before = await values(watched, "state.unknown_outcomes");
    watched.store.loseResponse("create epoch=5/_COMMIT");
    watched.store.refuse("get epoch=5/_COMMIT", "Unavailable");

    await seal(watched, 5).catch(() => undefined);

    expect(before).toEqual({ "": 0 });
    expect(await values(watched, "state.unknown_outcomes")).toEqual({ "": 1 });
  });

  test("has boundaries from a millisecond to ten minutes", async () => {
    const points = await pointsOf(await watchedBackend(), "state.call.duration");

    const [boundaries = []] = points.map(({ value }) => (value as Histogram).buckets.boundaries);
    expect([boundaries.at(0), boundaries.at(-1)]).toEqual([0.001, 600]);
  });
});

describe("a request", () => {
  test("is counted and timed in seconds, by operation and outcome, each attempt by itself", async () => {
    const watched = await watchedBackend();
    const { backend, clock, store } = watched;
    await seal(watched, 5);
    const before = await recorded(watched, "state.request.duration");
    store.refuse("list _control/", "Throttled");
    const held = store.hold("list _control/");

    const call = backend.control();
    await held.arrived;
    clock.ms += 250;
    held.release();
    await call;

    const after = await recorded(watched, "state.request.duration");
    const ok = "state.request.operation=list state.request.outcome=ok";
    expect(after[ok]).toEqual([(before[ok]?.[0] ?? 0) + 1, 0.25]);
    expect(
      after["error.type=Throttled state.request.operation=list state.request.outcome=Throttled"],
    ).toEqual([1, 0]);
    expect(Object.keys(after)).toContain("state.request.operation=get state.request.outcome=absent");
    expect(await values(watched, "state.request.retries")).toEqual({ "state.request.operation=list": 1 });
  });

  test("adds the bytes that it sent and received", async () => {
    const watched = await watchedBackend();
    await seal(watched, 5, "x".repeat(1_000));
    const handle = await watched.backend.latest();
    const before = await values(watched, "state.request.io");

    await handle?.read(0);
    await watched.backend.writePartial({
      epoch: 6,
      vnode: 0,
      assignmentVersion: 0,
      bytes: new Uint8Array(300),
    });

    const after = await values(watched, "state.request.io");
    const grown = (direction: string): number =>
      (after[`network.io.direction=${direction}`] ?? 0) - (before[`network.io.direction=${direction}`] ?? 0);
    expect([grown("receive"), grown("transmit")]).toEqual([1_000, 300]);
  });
});

describe("a seal", () => {
  test("is timed if the epoch was sealed, and not if it was incomplete or refused", async () => {
    const watched = await watchedBackend();
    const { backend, clock, store } = watched;
    await backend.epochComplete({ epoch: 5, parts: [1] });
    await backend.abort(6);
    await seal(watched, 6).catch(() => undefined);
    const held = store.hold("create epoch=7/_COMMIT");

    const sealing = seal(watched, 7);
    await held.arrived;
    clock.ms += 2_000;
    held.release();
    await sealing;

    expect(await recorded(watched, "state.seal.duration")).toEqual({ "": [1, 2] });
    expect(await values(watched, "state.epoch.sealed")).toEqual({ "": 7 });
  });

  test("counts the bytes that it names, those of its own and those of earlier epochs, once", async () => {
    const watched = await watchedBackend({ chunkBytes: 65_536 });
    const { backend } = watched;
    await backend.takeover({ version: 1 });
    const write = (epoch: number, vnode: number, bytes: Uint8Array | AsyncIterable<Uint8Array>): Write =>
      backend.writePartial({ epoch, vnode, assignmentVersion: 1, bytes });
    const attach = (epoch: number): ReturnType<typeof backend.writeAttachment> =>
      backend.writeAttachment({ epoch, name: "offsets", assignmentVersion: 1, bytes: new Uint8Array(30) });
    const stored = await write(1, 0, new Uint8Array(1_000));
    const chunked = await write(1, 1, chunks([1, 2]));
    const inline = { vnode: 2, bytes: new Uint8Array(10) };
    const first = { epoch: 1, parts: [stored, chunked, inline], attachments: [await attach(1)] };
    await backend.epochComplete(first);
    await backend.epochComplete(first);
    const sealed = await values(watched, "state.sealed.size");

    // One chunk of two is as it was, and so are two vnodes.
    const base = await backend.latest();
    const changed = await backend.writePartial({
      epoch: 2,
      vnode: 1,
      assignmentVersion: 1,
      bytes: chunks([1, 3]),
      reuse: base,
    });
    await backend.epochComplete({ epoch: 2, parts: [changed], unchanged: [0, 2] });

    expect(sealed).toEqual({
      "state.sealed.origin=written": 1_000 + 2 * 65_536 + 10 + 30,
      "state.sealed.origin=reused": 0,
    });
    expect(await values(watched, "state.sealed.size")).toEqual({
      "state.sealed.origin=written": 1_000 + 2 * 65_536 + 10 + 30 + 65_536,
      "state.sealed.origin=reused": 65_536 + 1_000 + 10,
    });
  });

  test("has an age, which begins with takeover, starts again with each seal, and is no number after close", async () => {
    const watched = await watchedBackend();
    const { backend, clock } = watched;
    const ages: Record<string, number>[] = [];
    const look = async (): Promise<void> => {
      clock.ms += 30_000;
      ages.push(await values(watched, "state.seal.age"));
    };

    await look();
    await backend.takeover({ version: 1 });
    await look();
    await look();
    await seal(watched, 5);
    await look();
    await backend.close();
    await look();

    // The SDK repeats the last value of a gauge that nobody observes any more.
    await look();
    expect(ages).toEqual([{}, { "": 30 }, { "": 60 }, { "": 30 }, { "": Number.NaN }, { "": Number.NaN }]);
  });
});

test("a restore lasts from takeover to the last read before the first write", async () => {
  const watched = await watchedBackend();
  const { backend, clock, store } = watched;
  await seal(watched, 5);
  const { base } = await backend.takeover({ version: 1 });
  const held = store.hold("get epoch=5/vnode=0/partial.bin");

  const read = base?.read(0);
  await held.arrived;
  clock.ms += 4_000;
  held.release();
  await read;
  // What the job does before it writes is its own.
  clock.ms += 60_000;
  await seal(watched, 7);
  await seal(watched, 8);

  expect(await recorded(watched, "state.restore.duration")).toEqual({ "": [1, 4] });
});

describe("a decision", () => {
  test("is counted by its name", async () => {
    const watched = await watchedBackend();
    await watched.backend.takeover({ version: 1 });
    await seal(watched, 5);
    await watched.backend.abort(9);

    expect(await values(watched, "state.decisions")).toEqual({
      "state.decision=takeover": 1,
      "state.decision=sealed": 1,
      "state.decision=void": 1,
    });
  });

  test("that is a refusal by the fence, or a split brain, is counted from zero on", async () => {
    const watched = await watchedBackend();
    const { backend, memory } = watched;
    const before = await values(watched, "state.fence.refusals");
    const other = await watchedBackend({ memory, instanceId: "B" });
    await seal(other, 5);
    await seal(watched, 5).catch(() => undefined);
    await backend.takeover({ version: 2 });
    await backend.takeover({ version: 1 }).catch(() => undefined);

    expect(before).toEqual({ "state.decision=stale": 0, "state.decision=split-brain": 0 });
    expect(await values(watched, "state.fence.refusals")).toEqual({
      "state.decision=stale": 1,
      "state.decision=split-brain": 1,
    });
  });
});

describe("an automatic prune", () => {
  test("is counted, with what it has deleted and what it has left", async () => {
    const reports: PruneReport[] = [];
    const watched = await watchedBackend({
      retention: { keep: 1 },
      alsoTold: (event) => {
        if (event.type === "retention" && event.outcome === "pruned") reports.push(event.report);
      },
    });
    await sealAndPrune(watched, [5, 6, 7]);
    await watched.backend.close();
    const total = (of: "epochs" | "objects" | "bytes"): number =>
      reports.reduce((sum, report) => sum + report[of], 0);

    expect(await values(watched, "state.prunes")).toEqual({
      "state.prune.outcome=pruned": 3,
      "state.prune.outcome=failed": 0,
    });
    expect([total("epochs"), total("objects"), total("bytes")].every((sum) => sum > 2)).toBe(true);
    expect(await values(watched, "state.pruned.epochs")).toEqual({ "": total("epochs") });
    expect(await values(watched, "state.pruned.objects")).toEqual({ "": total("objects") });
    expect(await values(watched, "state.pruned.size")).toEqual({ "": total("bytes") });
    expect(await values(watched, "state.epoch.floor")).toEqual({ "": 7 });
    expect(await values(watched, "state.epoch.pinned")).toEqual({ "": 0 });
    expect(await values(watched, "state.prune.failed_deletes")).toEqual({ "": 0 });
  });

  test("that has failed is counted, and so is each delete that has failed", async () => {
    const watched = await watchedBackend({ retention: { keep: 1 } });
    await sealAndPrune(watched, [5]);
    watched.store.refuse(/^create _control\/floor/, "Denied");
    await sealAndPrune(watched, [6]);
    watched.store.refuse(/^delete epoch=/, "Denied");
    await sealAndPrune(watched, [7]);
    await watched.backend.close();

    expect(await values(watched, "state.prunes")).toEqual({
      "state.prune.outcome=pruned": 2,
      "state.prune.outcome=failed": 1,
    });
    expect((await values(watched, "state.prune.failed_deletes"))[""]).toBeGreaterThan(0);
  });
});

/** Seals them, and waits for the prune after each. */
async function sealAndPrune(watched: Watched, epochs: readonly number[]): Promise<void> {
  const { backend } = watched;
  if (backend.authoritativeVersion === 0) await backend.takeover({ version: 1 });
  for (const epoch of epochs) {
    const before = await pruneCount(watched);
    await seal(watched, epoch);
    await expect.poll(() => pruneCount(watched), { interval: 1 }).toBe(before + 1);
  }
}

async function pruneCount(watched: Watched): Promise<number> {
  const prunes = Object.values(await values(watched, "state.prunes"));
  return prunes.reduce((sum, count) => sum + count, 0);
}

type Write = ReturnType<Watched["backend"]["writePartial"]>;

/** A piece of 64 KiB for each byte. */
async function* chunks(fills: readonly number[]): AsyncGenerator<Uint8Array> {
  for (const fill of fills) yield new Uint8Array(65_536).fill(fill);
}
