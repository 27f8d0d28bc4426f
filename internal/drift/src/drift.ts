import type { ComparisonRules } from "./comparison.ts";
import type { Recordings } from "./recording.ts";

/** A difference between the double and the server that stays, and the reason. */
export interface Deviation {
  readonly because: string;
  readonly differences: readonly string[];
}

/**
 * A double and the server that it stands for: the probes that each gets, and how their responses
 * are compared.
 */
export interface Drift {
  readonly name: string;
  readonly probes: readonly { readonly title: string; readonly requests?: number }[];
  readonly rules: ComparisonRules;
  /** By the title of the probe. */
  readonly deviations: Readonly<Record<string, Deviation>>;
  /** Whether the environment names a server. */
  readonly hasServer: () => boolean;
  readonly record: () => Promise<Recordings>;
}
