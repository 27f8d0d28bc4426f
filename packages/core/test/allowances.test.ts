import { expect, test } from "vitest";
import { ObjectStoreBackend } from "../src/backend.ts";
import type { OperationOptions } from "../src/store.ts";
import { MapStore } from "./support/map-store.ts";
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
