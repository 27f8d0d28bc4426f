import type { StateErrorCode } from "../../src/errors.ts";
import { installRepeatableGlobals } from "./repeatable-globals.ts";
import type { OpenBackend } from "./surroundings.ts";
import { runSchedule } from "./schedule.ts";
import type { Trait } from "./traits.ts";

/** Consecutive seeds. */
export interface Seeds {
  readonly first: number;
  readonly runs: number;
  readonly standbysOnly?: boolean;
}

export interface Series {
  readonly runs: number;
  readonly events: number;
  readonly codes: ReadonlySet<StateErrorCode>;
  /** How many schedules had it. */
  readonly traits: ReadonlyMap<Trait, number>;
  /** The first schedule that broke an invariant: which one, its seed, and what happened. */
  readonly violation: { readonly seed: number; readonly text: string } | undefined;
}

/** Whether the simulation meets a code: the compiler finds one that is missing here. */
const codesByName: Readonly<Record<StateErrorCode, boolean>> = {
  StaleVersion: true,
  SplitBrainCommit: true,
  EpochAborted: true,
  EpochPruned: true,
  EpochSealed: true,
  EpochSuperseded: true,
  BaseChanged: true,
  VnodeOmitted: true,
  AttachmentOmitted: true,
  SealMismatch: true,
  FenceRequired: true,
  ReceiptRequired: true,
  ReceiptInvalid: true,
  AmbiguousPartial: true,
  PartialLost: true,
  Corrupt: true,
  // Everybody has the same codec, and no source fails.
  SourceFailed: false,
  UnknownCodec: false,
  UnknownFormat: true,
  CapacityMismatch: true,
  // Of a copy: it insists on what it copies.
  NamespaceAbsent: true,
  NotSealed: true,
  NotPinned: true,
  TooManyPins: false,
  ConditionIgnored: true,
  OutcomeUnknown: true,
  ReadOnly: true,
  Closed: true,
  StoreFailed: true,
};

export const everyCode: readonly string[] = Object.keys(codesByName).filter(
  (code) => codesByName[code as StateErrorCode],
);

/** How much of a failing schedule's trace is shown. */
const shownEvents = 150;

/** Runs the schedules of consecutive seeds, until one breaks an invariant. */
export async function runMany({
  first,
  runs,
  open,
  standbysOnly = false,
}: Seeds & { readonly open: OpenBackend }): Promise<Series> {
  installRepeatableGlobals();
  let series: Series = noSeries;
  for (let seed = first; seed < first + runs && series.violation === undefined; seed++) {
    const { events, codes, traits, violations } = await runSchedule(seed, { open, standbysOnly });
    const violation =
      violations.length > 0 ? { seed, text: await report(seed, open, standbysOnly) } : undefined;
    const met = new Map([...traits].map((trait): [Trait, number] => [trait, 1]));
    series = joined(series, { runs: 1, events, codes, traits: met, violation });
  }
  return series;
}

export const noSeries: Series = {
  runs: 0,
  events: 0,
  codes: new Set(),
  traits: new Map(),
  violation: undefined,
};

/** What two series came to. */
export function joined(one: Series, other: Series): Series {
  const traits = new Map(one.traits);
  for (const [trait, count] of other.traits) traits.set(trait, count + (traits.get(trait) ?? 0));
  const violations = [one.violation, other.violation].filter((violation) => violation !== undefined);
  const [violation] = violations.toSorted((a, b) => a.seed - b.seed);
  return {
    runs: one.runs + other.runs,
    events: one.events + other.events,
    codes: new Set([...one.codes, ...other.codes]),
    traits,
    violation,
  };
}

async function report(seed: number, open: OpenBackend, standbysOnly: boolean): Promise<string> {
  const { trace, violations } = await runSchedule(seed, { open, trace: true, standbysOnly });
  return [
    `schedule ${seed} breaks:`,
    ...violations,
    `replay it, in the root of the workspace: npx -y pnpm@12 simulate --seed ${seed} --trace`,
    ...trace.slice(-shownEvents),
  ].join("\n");
}
