import type { World } from "./world.ts";

/** One sequence of events that must not lose, repeat or mix anything. */
export interface Sequence {
  /** Stable. A test's name begins with it. */
  readonly id: string;
  /** The backends look at each epoch before they seal it, by `verifyObjects`: the schedule needs those looks. */
  readonly verifyObjects?: true;
  /** One sentence: the schedule, and what must come of it. */
  readonly title: string;
  /** The ids of the rules of `docs/protocol.md` that the sequence is about. */
  readonly rules: readonly string[];
  run(world: World): Promise<void>;
}
