import { expect, test, vi } from "vitest";
import type { JobEvent } from "../src/events.ts";
import { checkOptions } from "../src/options.ts";
import { Log, Member } from "./support/log.ts";
import { ListingTask } from "./support/listing-task.ts";
import { Bucket } from "./support/bucket.ts";

const required = {
  group: new Member(new Log()),
  store: new Bucket().store,
  instanceId: "node-0",
  task: () => new ListingTask(),
};

test("what a listener throws goes to no partition, but becomes an uncaught error", () => {
  const queued: (() => void)[] = [];
  vi.stubGlobal("queueMicrotask", (callback: () => void) => queued.push(callback));
  try {
    const { onEvent } = checkOptions({
      ...required,
      onEvent: () => {
        throw new Error("of the listener");
      },
    });
    onEvent({ type: "assigned", partitions: [] } satisfies JobEvent);
    expect(queued[0]).toThrow("of the listener");
  } finally {
    vi.unstubAllGlobals();
  }
});

test.each([
  [32, { slots: 4, concurrency: 8 }],
  [5, { slots: 1, concurrency: 5 }],
  [20, { slots: 2, concurrency: 8 }],
])("%i requests are divided into slots, and requests of each", (requests, expected) => {
  const settings = checkOptions({ ...required, checkpoint: { requests } });
  expect(settings).toMatchObject(expected);
  expect(settings.slots * settings.concurrency).toBeLessThanOrEqual(requests);
});
