import { type ControlDescription, type EpochState, isStateError, type Pin, type Seal } from "@state/core";
import {
  type Finding,
  type Severity,
  type VerifiedEpoch,
  verify,
  type VerifyProgress,
} from "@state/core/verify";
import type { Call } from "../command.ts";
import { exitCodeOf, exitCodes } from "../exit-code.ts";
import { type Fence, fencesOf } from "../fences.ts";
import { checkNotEmpty, lookedAt, openReader, originOf, ownBytesOf, placeOf, sizesOf } from "../reading.ts";

/** What a report tells. */
export interface Facts {
  readonly url: string;
  /** When the report was begun. */
  readonly at: number;
  readonly deep: boolean;
  /** How many of the newest epochs were looked at, at most. */
  readonly limit: number | undefined;
  readonly counts: Readonly<Record<Severity, number>>;
  /** Of each severity the first ones. */
  readonly findings: readonly Finding[];
  /** `undefined` if no epoch is there. */
  readonly progress: VerifyProgress | undefined;
  readonly fences: readonly Fence[];
  /** Why the rest is missing, if the namespace cannot be opened. */
  readonly fault: string | undefined;
  readonly control: ControlDescription | undefined;
  /** Ascending. */
  readonly epochs: readonly EpochFacts[];
  readonly newest: NewestEpoch | undefined;
  readonly pins: readonly Pin[];
}

export interface EpochFacts {
  readonly epoch: number;
  readonly state: EpochState["state"];
  /** Of those that are sealed. */
  readonly seal?: SealFacts;
}

/** A seal without its entries: thousands are held at once. */
export interface SealFacts {
  readonly at: number | undefined;
  readonly committer: string;
  readonly version: number | undefined;
  readonly vnodes: number;
  readonly bytes: number;
  readonly ownBytes: number;
}

export interface NewestEpoch {
  readonly epoch: number;
  readonly bytes: number;
  readonly vnodes: number;
  /** The largest first, and not all. */
  readonly largest: readonly VnodeFacts[];
}

export interface VnodeFacts {
  readonly vnode: number;
  readonly size: number;
  readonly ownBytes: number;
  readonly from: number;
  readonly place: string;
}

/** How many findings of a severity are shown; all are counted. */
export const shownFindings = 100;
/** How many vnodes are shown. */
export const shownVnodes = 20;
/** How many requests run at once. */
const concurrency = 16;

export function isSound({ counts }: Pick<Facts, "counts">): boolean {
  return counts.damage + counts.warning === 0;
}

export interface FactsRequest {
  /** When the report was begun. */
  readonly at: number;
  readonly deep: boolean;
  readonly limit?: number | undefined;
}

/** Reads each seal once. @throws `NamespaceAbsent` if there are no checkpoints. What is damaged is a finding */
export async function factsOf(call: Call, { at, deep, limit }: FactsRequest): Promise<Facts> {
  const { store, url, signal } = call;
  await checkNotEmpty(call);
  const { epochs, newest, ...verified } = await verifiedFacts(call, deep, limit);
  const fences = await fencesOf(store, signal);
  const namespace = await namespaceFacts(call);
  const { control } = namespace;
  // Below the floor a seal may be a stray.
  const shown =
    control === undefined ? [] : epochs.filter(({ epoch }) => epoch >= control.floor).toReversed();
  const largest = shown.some(({ epoch }) => epoch === newest?.epoch) ? newest : undefined;
  return { url, at, deep, limit, ...verified, fences, ...namespace, epochs: shown, newest: largest };
}

type VerifiedFacts = Pick<Facts, "counts" | "findings" | "progress" | "epochs" | "newest">;

/** The epochs from the newest down. */
async function verifiedFacts(
  { store, output, signal }: Call,
  deep: boolean,
  limit: number | undefined,
): Promise<VerifiedFacts> {
  const counts: Record<Severity, number> = { damage: 0, warning: 0, notice: 0 };
  const findings: Finding[] = [];
  const epochs: EpochFacts[] = [];
  let newest: NewestEpoch | undefined;
  let progress: VerifyProgress | undefined;
  const onProgress = (now: VerifyProgress): void => {
    progress = now;
    output.progress(`epoch ${now.epoch}: ${lookedAt(now)}`);
  };
  const onEpoch = ({ epoch, state, seal }: VerifiedEpoch): void => {
    if (seal !== undefined) newest ??= newestOf(seal);
    epochs.push({ epoch, state, ...(seal === undefined ? {} : { seal: sealFacts(seal) }) });
  };
  const run = verify({ store, deep, limit, signal, onProgress, onEpoch, concurrency });
  for await (const found of run) {
    counts[found.severity] += 1;
    if (counts[found.severity] <= shownFindings) findings.push(found);
  }
  return { counts, findings, progress, epochs, newest };
}

type NamespaceFacts = Pick<Facts, "fault" | "control" | "pins">;

async function namespaceFacts(call: Call): Promise<NamespaceFacts> {
  const { signal } = call;
  try {
    await using backend = await openReader(call);
    const control = await backend.control({ signal });
    const pins = await backend.pins({ signal });
    return { fault: undefined, control, pins };
  } catch (error) {
    signal.throwIfAborted();
    // Damage is what the report is for; and a store that does not respond gets none.
    if (!isStateError(error) || exitCodeOf(error) !== exitCodes.finding) throw error;
    return { fault: error.message, control: undefined, pins: [] };
  }
}

function sealFacts(seal: Seal): SealFacts {
  const { at, committer, assignmentVersion: version } = seal;
  return { at, committer, version, ...sizesOf(seal) };
}

function newestOf(seal: Seal): NewestEpoch {
  const { epoch } = seal;
  const { bytes, vnodes } = sizesOf(seal);
  const largest = seal.partials
    .toSorted((a, b) => b.size - a.size || a.vnode - b.vnode)
    .slice(0, shownVnodes)
    .map((entry) => ({
      vnode: entry.vnode,
      size: entry.size,
      ownBytes: ownBytesOf(entry, epoch),
      from: originOf(entry),
      place: placeOf(entry),
    }));
  return { epoch, bytes, vnodes, largest };
}
