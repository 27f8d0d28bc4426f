import { expect, test } from "vitest";
import { ObjectStoreBackend } from "../src/backend.ts";
import type { OperationOptions } from "../src/store.ts";
import { MapStore } from "./support/map-store.ts";
import { rejectionOf } from "./support/rejection.ts";
import { VirtualClock } from "./support/virtual-clock.ts";

/** A seal of 65,536 vnodes is about 12 MB: eight of them at once take 25 s at 32 Mbit/s. */
const readMs = 25_000;

class SlowSeals extends MapStore {
  readonly #clock: VirtualClock;

  constructor(clock: VirtualClock) {
    super();
    this.#clock = clock;
  }

  override async get(key: string, options?: OperationOptions): Promise<Uint8Array<ArrayBuffer> | undefined> {
    if (key.endsWith("/_COMMIT")) await this.#clock.sleep(readMs, options?.signal);
    return super.get(key);
  }
}

/** A body takes a second for each MiB. */
class SlowLine extends MapStore {
  readonly #clock: VirtualClock;

  constructor(clock: VirtualClock) {
    super();
    this.#clock = clock;
  }

  override async get(key: string, options?: OperationOptions): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const body = await super.get(key);
    await this.#clock.sleep(((body?.length ?? 0) / 1_048_576) * 1000, options?.signal);
    return body;
  }
}

function sealOfManyChunks(epoch: number): Uint8Array {
  const sha256 = "a".repeat(64);
  const size = 65_536;
  const partials = [0, 1].map((vnode) => {
    const chunk = { key: `epoch=${epoch}/vnode=${vnode}/chunk.${sha256}.bin`, size, sha256 };
    const chunks = Array.from({ length: 50_000 }, () => chunk);
    return { vnode, size: 50_000 * size, sha256, writtenAt: epoch, chunks };
  });
  const seal = { format: 2, epoch, committer: "A", incarnation: "a", assignmentVersion: 0 };
  return new TextEncoder().encode(JSON.stringify({ ...seal, partials, attachments: [] }));
}

test("a seal that names 100,000 chunks has time for its size, though it has few vnodes", async () => {
  const clock = new VirtualClock();
  const store = new SlowLine(clock);
  const options = { store, instanceId: "A", vnodeCapacity: 4, retry: clock.retry({ attempts: 1 }) };
  const backend = await clock.run(ObjectStoreBackend.open(options));
  const body = sealOfManyChunks(5);
  await store.create("epoch=5/_COMMIT", body);
  expect(body.length).toBeGreaterThan(18_000_000);
  const found = await clock.run(backend.latest());
  expect(found?.seal.partials.map(({ chunks }) => chunks?.length)).toEqual([50_000, 50_000]);
});

test("seals that are read side by side have time for the size that they may have", async () => {
  const clock = new VirtualClock();
  const store = new SlowSeals(clock);
  const options = { store, instanceId: "A", vnodeCapacity: 65_536, retry: clock.retry({ attempts: 1 }) };
  const backend = await clock.run(ObjectStoreBackend.open(options));
  for (let epoch = 1; epoch <= 8; epoch++) {
    const write = { epoch, vnode: 0, assignmentVersion: 0, bytes: new Uint8Array(1) };
    const part = await clock.run(backend.writePartial(write));
    await clock.run(backend.epochComplete({ epoch, parts: [part] }));
  }
  expect(await clock.run(backend.latestCommittedEpoch())).toBe(8);
  expect((await clock.run(backend.takeover({ version: 1 }))).base?.epoch).toBe(8);
});

test("the same for one that a leader has to settle, to abort, or to find in its way", async () => {
  const clock = new VirtualClock();
  const store = new SlowLine(clock);
  const options = { store, instanceId: "A", vnodeCapacity: 4, retry: clock.retry({ attempts: 1 }) };
  const backend = await clock.run(ObjectStoreBackend.open(options));
  await store.create("epoch=5/_COMMIT", sealOfManyChunks(5));
  const error = await clock.run(rejectionOf(backend.abort(5)));
  expect(error).toMatchObject({ code: "EpochSealed", sealed: "yes" });
});
