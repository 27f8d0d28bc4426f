import type { OpenOptions } from "../../src/open-options.ts";
import type { StateBackend } from "../../src/state-backend.ts";
import type { Clock } from "./clock.ts";
import type { History } from "./history.ts";
import type { Network } from "./network.ts";
import type { Observer } from "./observer.ts";
import type { Process } from "./process.ts";
import type { Random } from "./random.ts";
import type { Readings } from "./readings.ts";
import type { Scale } from "./scale.ts";
import type { Scheduler } from "./scheduler.ts";
import type { StoreServer } from "./store-server.ts";
import type { Trait } from "./traits.ts";

/** How a backend is opened: the code under test. */
export type OpenBackend = (options: OpenOptions) => Promise<StateBackend>;

/** What all processes of one schedule share. */
export interface Surroundings {
  readonly scheduler: Scheduler;
  readonly clock: Clock;
  readonly network: Network;
  readonly server: StoreServer;
  readonly history: History;
  readonly observer: Observer;
  readonly readings: Readings;
  readonly scale: Scale;
  readonly traits: Set<Trait>;
  readonly open: OpenBackend;
  /** Whether everybody has a codec, which gives other bytes each time. */
  readonly isCoded: boolean;
  readonly random: Random;
  /** Callers who may give up, by their calls under way. */
  readonly givingUp: Map<AbortController, Process>;
}
