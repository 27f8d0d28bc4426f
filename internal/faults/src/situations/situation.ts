import type { Rig } from "./rigs.ts";

/** Something that a store meets, and what comes of it: the same in each store. */
export interface Situation {
  readonly title: string;
  readonly outcome: string;
  /** Lets the store meet it, and says what came of it. */
  readonly meet: (rig: Rig) => Promise<string>;
}

/** The situations of one kind. */
export interface Kind {
  readonly title: string;
  readonly situations: readonly Situation[];
}
