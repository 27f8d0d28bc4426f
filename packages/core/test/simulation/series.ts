import type { StateErrorCode } from "../../src/errors.ts";
import { installInOrderCrypto } from "./in-order-crypto.ts";
import type { OpenBackend } from "./process.ts";
import { runSchedule } from "./schedule.ts";

export interface Series {
  readonly runs: number;
  readonly events: number;
  readonly codes: ReadonlySet<StateErrorCode>;
  /** The first schedule that broke an invariant: which one, its seed, and what happened. */
  readonly violation: string | undefined;
}

/** Every code there is: the compiler finds one that is missing here. */
const codesByName: Readonly<Record<StateErrorCode, true>> = {
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
  UnknownFormat: true,
  CapacityMismatch: true,
  NamespaceAbsent: true,
  NotSealed: true,
  ConditionIgnored: true,
  OutcomeUnknown: true,
  ReadOnly: true,
  Closed: true,
  StoreFailed: true,
};

export const everyCode: readonly string[] = Object.keys(codesByName);

/** How much of a failing schedule's trace is shown. */
const shownEvents = 150;

/** Runs the schedules of consecutive seeds, until one breaks an invariant. */
export async function runMany(options: {
  readonly first: number;
  readonly runs: number;
  readonly open: OpenBackend;
}): Promise<Series> {
  const { first, runs, open } = options;
  installInOrderCrypto();
  const codes = new Set<StateErrorCode>();
  let events = 0;
  for (let seed = first; seed < first + runs; seed++) {
    const result = await runSchedule(seed, { open });
    events += result.events;
    for (const code of result.codes) codes.add(code);
    if (result.violations.length > 0) {
      const { trace, violations } = await runSchedule(seed, { open, trace: true });
      const lines = [
        `schedule ${seed} breaks:`,
        ...violations,
        `replay it, in the root of the workspace: npx -y pnpm@12 simulate --seed ${seed} --trace`,
        ...trace.slice(-shownEvents),
      ];
      return { runs: seed - first + 1, events, codes, violation: lines.join("\n") };
    }
  }
  return { runs, events, codes, violation: undefined };
}
