import type { Reading } from "./comparison.ts";
import type { Recorded } from "./recording.ts";

export type Recording = ReadonlyMap<string, readonly Recorded[]>;

/** Where the double is not as the server, and why it stays so. */
export interface Deviation {
  readonly because: string;
  readonly differences: readonly string[];
}

export interface Records {
  /** What every name begins with, another in each run. */
  readonly root: string;
  readonly double: Recording;
  readonly server: Recording;
}

/** A double held against the server that it stands for. */
export interface Drift {
  readonly name: string;
  readonly sayings: readonly { readonly title: string; readonly requests?: number }[];
  readonly reading: Reading;
  /** By the title of what was said. */
  readonly deviations: Readonly<Record<string, Deviation>>;
  /** Whether the environment names a server. */
  readonly isNamed: () => boolean;
  readonly record: () => Promise<Records>;
}
