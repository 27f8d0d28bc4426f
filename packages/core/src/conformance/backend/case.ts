import type { World } from "./world.ts";

/** One sequence of events that must not lose, repeat or mix anything. */
export interface BackendCase {
  /** Stable. A test's name begins with it. */
  readonly id: string;
  /** One sentence: the schedule, and what must come of it. */
  readonly title: string;
  run(world: World): Promise<void>;
}
