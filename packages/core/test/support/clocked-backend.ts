import type { ScriptedStore } from "../../src/conformance/backend-suite/scripted-store.ts";
import { bytesOf, World } from "../../src/conformance/backend-suite/world.ts";
import type { BackendEvent, RequestEvent } from "../../src/index.ts";
import { type RetryOptions, retryPolicy } from "../../src/retry.ts";
import { StoreClient } from "../../src/store-client.ts";
import type { ObjectStore } from "../../src/store.ts";
import { MapStore } from "./map-store.ts";
import { VirtualClock } from "./virtual-clock.ts";

/** The retry loop around a store, on a clock that stands still unless the test runs it. */
export function over(
  store: ObjectStore,
  options: RetryOptions = {},
): { client: StoreClient; clock: VirtualClock; requests: RequestEvent[] } {
  const clock = new VirtualClock();
  const { requests, onEvent } = recorder();
  return { client: new StoreClient(store, retryPolicy(clock.retry(options)), onEvent), clock, requests };
}

type Backend = Awaited<ReturnType<World["open"]>>["backend"];

/** A backend of its own on a clock that stands still unless the test runs it. */
export async function opened(
  store: ObjectStore,
  options: RetryOptions = {},
): Promise<{ backend: Backend; clock: VirtualClock; requests: RequestEvent[] }> {
  const clock = new VirtualClock();
  const { requests, onEvent } = recorder();
  const { backend } = await new World(store).open("A", { retry: clock.retry(options), onEvent });
  requests.length = 0;
  return { backend, clock, requests };
}

function recorder(): { requests: RequestEvent[]; onEvent: (event: BackendEvent) => void } {
  const requests: RequestEvent[] = [];
  const onEvent = (event: BackendEvent): void => {
    if (event.type === "request") requests.push(event);
  };
  return { requests, onEvent };
}

/** A backend that has written its part of epoch 5. */
export async function readyToSeal(
  options: RetryOptions = {},
  inner: ObjectStore = new MapStore(),
): Promise<{
  backend: Backend;
  clock: VirtualClock;
  store: ScriptedStore;
  part: Awaited<ReturnType<typeof write>>;
}> {
  const clock = new VirtualClock();
  const { backend, store } = await new World(inner).open("A", { retry: clock.retry(options) });
  return { backend, clock, store, part: await write(backend) };
}

/** Writes vnode 1 of epoch 5. */
export function write(backend: Backend, signal?: AbortSignal): ReturnType<Backend["writePartial"]> {
  return backend.writePartial(
    { epoch: 5, vnode: 1, assignmentVersion: 0, bytes: bytesOf("state") },
    { signal },
  );
}

export function durations(requests: readonly RequestEvent[]): number[] {
  return requests.map(({ durationMs }) => Math.round(durationMs));
}
