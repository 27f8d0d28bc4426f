import {
  type ControlDescription,
  type EpochState,
  isStateError,
  type ObjectStoreBackend,
  type Pin,
  type Seal,
} from "@state/core";
import { type Finding, type Severity, verify, type VerifyProgress } from "@state/core/verify";
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
/** How many seals are read at once. */
const batchSize = 16;

export function isSound({ counts }: Pick<Facts, "counts">): boolean {
  return counts.damage + counts.warning === 0;
}

/** @throws `NamespaceAbsent` if there are no checkpoints. What is damaged is a finding */
export async function factsOf(call: Call, deep: boolean, at: number): Promise<Facts> {
  const { store, url, signal } = call;
  await checkNotEmpty(call);
  const verified = await verifiedFacts(call, deep);
  const fences = await fencesOf(store, signal);
  const namespace = await namespaceFacts(call);
  return { url, at, deep, ...verified, fences, ...namespace };
}

async function verifiedFacts(
  { store, output, signal }: Call,
  deep: boolean,
): Promise<Pick<Facts, "counts" | "findings" | "progress">> {
  const counts: Record<Severity, number> = { damage: 0, warning: 0, notice: 0 };
  const findings: Finding[] = [];
  let progress: VerifyProgress | undefined;
  const onProgress = (now: VerifyProgress): void => {
    progress = now;
    output.progress(`epoch ${now.epoch}: ${lookedAt(now)}`);
  };
  for await (const found of verify({ store, deep, signal, onProgress, concurrency: batchSize })) {
    counts[found.severity] += 1;
    if (counts[found.severity] <= shownFindings) findings.push(found);
  }
  return { counts, findings, progress };
}

type NamespaceFacts = Pick<Facts, "fault" | "control" | "epochs" | "newest" | "pins">;

async function namespaceFacts(call: Call): Promise<NamespaceFacts> {
  const { output, signal } = call;
  try {
    await using backend = await openReader(call);
    const control = await backend.control({ signal });
    const reader = new EpochReader(backend, signal);
    let batch: EpochState[] = [];
    for await (const state of backend.epochs({ signal })) {
      batch.push(state);
      if (batch.length < batchSize) continue;
      await reader.read(batch);
      output.progress(`epoch ${state.epoch}: reading seals`);
      batch = [];
    }
    await reader.read(batch);
    const { epochs, newest } = reader;
    const pins = await backend.pins({ signal });
    return { fault: undefined, control, epochs, newest: newestOf(newest), pins };
  } catch (error) {
    signal.throwIfAborted();
    // Damage is what the report is for; and a store that does not respond gets none.
    if (!isStateError(error) || exitCodeOf(error) !== exitCodes.finding) throw error;
    return { fault: error.message, control: undefined, epochs: [], newest: undefined, pins: [] };
  }
}

class EpochReader {
  readonly epochs: EpochFacts[] = [];
  newest: Seal | undefined;
  readonly #backend: ObjectStoreBackend;
  readonly #signal: AbortSignal;

  constructor(backend: ObjectStoreBackend, signal: AbortSignal) {
    this.#backend = backend;
    this.#signal = signal;
  }

  async read(states: readonly EpochState[]): Promise<void> {
    const seals = await Promise.all(states.map((state) => this.#sealOf(state)));
    for (const [index, { epoch, state }] of states.entries()) {
      const seal = seals[index];
      if (seal === "pruned") continue;
      if (seal === "unreadable") this.epochs.push({ epoch, state: seal });
      else if (seal === undefined) this.epochs.push({ epoch, state });
      else {
        this.newest = seal;
        this.epochs.push({ epoch, state, seal: sealFacts(seal) });
      }
    }
  }

  /** The job runs on: what was sealed when it was listed may be pruned when it is read. */
  async #sealOf({ epoch, state }: EpochState): Promise<Seal | "pruned" | "unreadable" | undefined> {
    if (state !== "sealed") return undefined;
    try {
      const sealed = await this.#backend.sealed(epoch, { signal: this.#signal });
      return sealed?.seal ?? "pruned";
    } catch (error) {
      this.#signal.throwIfAborted();
      if (!isStateError(error)) throw error;
      if (error.code === "EpochPruned") return "pruned";
      if (exitCodeOf(error) === exitCodes.finding) return "unreadable";
      throw error;
    }
  }
}

function sealFacts(seal: Seal): SealFacts {
  const { at, committer, assignmentVersion: version } = seal;
  return { at, committer, version, ...sizesOf(seal) };
}

function newestOf(seal: Seal | undefined): NewestEpoch | undefined {
  if (seal === undefined) return undefined;
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
