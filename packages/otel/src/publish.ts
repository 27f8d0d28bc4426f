import { channel } from "node:diagnostics_channel";
import type { BackendEvent } from "@state/core";

const channels = {
  call: channel("state.call"),
  request: channel("state.request"),
  decision: channel("state.decision"),
  retention: channel("state.retention"),
} as const;

/**
 * An `onEvent` that publishes each event on the diagnostics channel of its type: `state.call`, `state.request`,
 * `state.decision` or `state.retention`. While a channel has no subscriber, nothing is published on it. What a subscriber
 * throws becomes an uncaught error, as on every channel, and never reaches the call.
 *
 * ```ts
 * const backend = await ObjectStoreBackend.open({ store, instanceId, vnodeCapacity, onEvent: publish });
 * ```
 */
export function publish(event: BackendEvent): void {
  const to = channels[event.type];
  if (to.hasSubscribers) to.publish(event);
}
