/** Why no schedule of the explorer shows that a rule is missing. */
export interface OutOfReach {
  /** One sentence. */
  readonly why: string;
  readonly rules: readonly string[];
}

export const outOfReach: readonly OutOfReach[] = [];
