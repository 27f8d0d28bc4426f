import { eventSink } from "./events.ts";
import { Namespace } from "./namespace.ts";
import { type CheckedOptions, maxCapacity } from "./open-options.ts";
import { retryPolicy } from "./retry.ts";
import { StoreClient } from "./store-client.ts";

/** The namespace in the store of these options. Nothing was read of it yet. */
export function namespaceOf({
  store,
  retry,
  onEvent,
  concurrency,
  vnodeCapacity = maxCapacity,
  codecs,
  chunkBytes,
}: CheckedOptions): Namespace {
  const emit = eventSink(onEvent);
  const client = new StoreClient(store, retryPolicy(retry), emit);
  return new Namespace(client, { vnodeCapacity, concurrency, emit, codecs, chunkBytes });
}
