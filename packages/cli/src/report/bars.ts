import type { EpochFacts } from "./facts.ts";

export type Unsealed = Exclude<EpochFacts["state"], "sealed">;

/** Epochs that are alike: how many, and between which numbers. */
export interface Span {
  readonly number: number;
  readonly first: number;
  readonly last: number;
}

/** Epochs that one bar stands for: their sums. */
export interface Bar {
  /** The place on x, from 0. */
  readonly slot: number;
  readonly sealed: Span | undefined;
  readonly bytes: number;
  readonly ownBytes: number;
  /** Those that have no seal, by what they are. */
  readonly unsealed: Readonly<Partial<Record<Unsealed, Span>>>;
}

export interface Bars {
  /** What x is. `order`: one epoch after another, as seals have no times, or contradict each other. */
  readonly axis: "time" | "order";
  readonly slots: number;
  /** Ascending by slot; those of which there is no epoch are left out. */
  readonly bars: readonly Bar[];
  /** The ends of x, if it is time. */
  readonly from: number;
  readonly to: number;
}

/** More would be thinner than can be seen, and make the page large. */
export const maxBars = 200;
/** Fewer would make a bar so wide that it does not look like a moment. */
const minSlots = 12;

/** Epochs, ascending, as at most `maxBars` bars. */
export function barsOf(epochs: readonly EpochFacts[]): Bars {
  const times = timesOf(epochs);
  if (times === undefined) {
    const perBar = Math.ceil(epochs.length / maxBars);
    const slots = Math.max(minSlots, Math.ceil(epochs.length / perBar) || 0);
    const bars = summed(epochs, (index) => Math.floor(index / perBar));
    return { axis: "order", slots, bars, from: 0, to: 0 };
  }
  const [from, to] = endsOf(times);
  const slots = slotsOf(times, to - from);
  const width = (to - from) / (slots - 1);
  const bars = summed(epochs, (index) => Math.round(((times[index] ?? from) - from) / width));
  return { axis: "time", slots, bars, from, to };
}

/** The earliest and the latest: clocks differ, so that these need not be the first and the last. */
function endsOf(times: readonly number[]): readonly [earliest: number, latest: number] {
  const sorted = times.toSorted((a, b) => a - b);
  return [sorted.at(0) ?? 0, sorted.at(-1) ?? 0];
}

/**
 * When each epoch was sealed. One without a seal has no time: it stands where the seal before it does. `undefined`
 * if a seal has none, if all have the same, or if they run backwards by more than a bar: then the leaders' clocks
 * disagree so much that time would mislead.
 */
function timesOf(epochs: readonly EpochFacts[]): readonly number[] | undefined {
  const sealed = epochs.flatMap(({ seal }) => (seal === undefined ? [] : [seal.at]));
  const known = sealed.filter((at) => at !== undefined).filter((at) => at <= maxDate);
  const [low, high] = endsOf(known);
  if (known.length < sealed.length || low === high) return undefined;
  let highest = known[0] ?? 0;
  const times: number[] = [];
  for (const { seal } of epochs) {
    const at = seal?.at;
    if (at !== undefined && highest - at > (high - low) / maxBars) return undefined;
    highest = Math.max(highest, at ?? highest);
    times.push(at ?? highest);
  }
  return times;
}

/** The last moment that a `Date` can hold. */
const maxDate = 8.64e15;

/** So many that neighbours of the usual distance do not share one. */
function slotsOf(times: readonly number[], range: number): number {
  const distances: number[] = [];
  for (const [index, time] of times.entries()) {
    const distance = time - (times[index - 1] ?? time);
    if (distance > 0) distances.push(distance);
  }
  distances.sort((a, b) => a - b);
  const usual = distances[Math.floor(distances.length / 2)] ?? range;
  return Math.min(maxBars, Math.max(minSlots, Math.round(range / usual) + 1));
}

function summed(epochs: readonly EpochFacts[], slotOf: (index: number) => number): readonly Bar[] {
  const bySlot = new Map<number, Bar>();
  for (const [index, facts] of epochs.entries()) {
    const slot = slotOf(index);
    const bar = bySlot.get(slot) ?? { slot, sealed: undefined, bytes: 0, ownBytes: 0, unsealed: {} };
    bySlot.set(slot, withEpoch(bar, facts));
  }
  return [...bySlot.values()].toSorted((a, b) => a.slot - b.slot);
}

function withEpoch(bar: Bar, { epoch, state, seal }: EpochFacts): Bar {
  if (state !== "sealed")
    return { ...bar, unsealed: { ...bar.unsealed, [state]: spanWith(bar.unsealed[state], epoch) } };
  return {
    ...bar,
    sealed: spanWith(bar.sealed, epoch),
    bytes: bar.bytes + (seal?.bytes ?? 0),
    ownBytes: bar.ownBytes + (seal?.ownBytes ?? 0),
  };
}

/** Epochs come ascending. */
function spanWith(span: Span | undefined, epoch: number): Span {
  return { number: (span?.number ?? 0) + 1, first: span?.first ?? epoch, last: epoch };
}
