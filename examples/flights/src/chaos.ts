/** Where a process is killed. Every run with chaos must hit each of them. */
export const killPoints = [
  "in the middle of a partial",
  "receipt sent",
  "before _COMMIT",
  "after _COMMIT",
  "sealed, not released",
  "in the middle of a prune",
] as const;

/** Where a leader is stopped until its successor has taken over, to go on then as if nothing had happened. */
export const pausePoints = ["at the start of an epoch", "receipts in hand", "before _COMMIT"] as const;

export type Point = (typeof killPoints)[number] | (typeof pausePoints)[number];

/** One thing that is going to happen to one process, counted in rows and requests, never in time. */
export interface Strike {
  readonly action: "kill" | "pause";
  readonly point: Point;
  readonly victim: "leader" | number;
  /** The strike waits for the epoch that reaches this row, ... */
  readonly record: number;
  /** ... and from there on for the victim to come to its point so many times. */
  readonly request: number;
}

export interface ChaosOptions {
  readonly seed: number;
  readonly kills: number;
  readonly records: number;
  readonly workers: number;
}

/** The strikes of a run, in their order. The same options give the same plan. */
export function planChaos({ seed, kills, records, workers }: ChaosOptions): readonly Strike[] {
  if (kills === 0) return [];
  const random = randomNumbers(seed);
  const below = (bound: number): number => Math.floor(random() * bound);

  const events = [
    ...Array.from({ length: kills }, (_, index) => ({
      action: "kill" as const,
      point: killPoints[index % killPoints.length] ?? killPoints[0],
    })),
    ...pausePoints.map((point) => ({ action: "pause" as const, point })),
  ];
  const shuffled = events
    .map((event) => ({ event, order: random() }))
    .toSorted((a, b) => a.order - b.order)
    .map(({ event }) => event);

  return shuffled.map((event, index) => ({
    ...event,
    victim: isWorkerPoint(event.point) ? below(workers) : ("leader" as const),
    // One in each of as many stretches of the input, and the last stretch left in peace so that all of them happen.
    record: Math.floor(((index + random()) / (shuffled.length + 1)) * records),
    request: 1 + below(requestsAt[event.point](workers)),
  }));
}

function isWorkerPoint(point: Point): boolean {
  return point === "in the middle of a partial" || point === "receipt sent";
}

/** The range that a strike's count is drawn from: how often the victim comes to its point within an epoch or a prune. */
const requestsAt: Readonly<Record<Point, (workers: number) => number>> = {
  "in the middle of a partial": (workers) => Math.ceil(40 / workers),
  "receipt sent": () => 1,
  "before _COMMIT": () => 1,
  "after _COMMIT": () => 1,
  // Before the first worker's file, or between two of them.
  "sealed, not released": (workers) => workers,
  // The seals go first, then what they named.
  "in the middle of a prune": () => 2,
  "at the start of an epoch": () => 1,
  "receipts in hand": () => 1,
};

/** Mulberry32: a small generator whose numbers depend on the seed alone. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
