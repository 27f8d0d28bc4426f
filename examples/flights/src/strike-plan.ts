import { randomNumbers } from "./random-numbers.ts";

/** The points at which processes are killed. Every run with kills must hit each of them. */
export const killPoints = [
  "in the middle of a partial",
  "receipt sent",
  "before _COMMIT",
  "after _COMMIT",
  "sealed, not released",
  "in the middle of a prune",
] as const;

/** The points at which a leader is paused. It goes on when its successor has taken over. */
export const pausePoints = ["at the start of an epoch", "receipts in hand", "before _COMMIT"] as const;

export type Point = (typeof killPoints)[number] | (typeof pausePoints)[number];

/** One kill or pause of one process. Its moment is counted in rows and requests, never in time. */
export interface Strike {
  readonly action: "kill" | "pause";
  readonly point: Point;
  readonly victim: "leader" | number;
  /** The strike waits for the epoch that reaches this row. */
  readonly record: number;
  /** From there on it waits until the victim has reached the point so many times. */
  readonly request: number;
}

export interface StrikePlanOptions {
  readonly seed: number;
  readonly kills: number;
  readonly records: number;
  readonly workers: number;
}

/** The strikes of a run, in their order. The same options give the same plan. */
export function planStrikes({ seed, kills, records, workers }: StrikePlanOptions): readonly Strike[] {
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
    // Each strike has a stretch of the input. The last stretch has none, so that all strikes happen.
    record: Math.floor(((index + random()) / (shuffled.length + 1)) * records),
    request: 1 + below(requestsAt[event.point](workers)),
  }));
}

function isWorkerPoint(point: Point): boolean {
  return point === "in the middle of a partial" || point === "receipt sent";
}

/** How often a victim reaches a point within an epoch or a prune: the range of a strike's `request`. */
const requestsAt: Readonly<Record<Point, (workers: number) => number>> = {
  "in the middle of a partial": (workers) => Math.ceil(40 / workers),
  "receipt sent": () => 1,
  "before _COMMIT": () => 1,
  "after _COMMIT": () => 1,
  // Before the first worker's file, or between two of them.
  "sealed, not released": (workers) => workers,
  // A prune deletes the seals first, then what they named.
  "in the middle of a prune": () => 2,
  "at the start of an epoch": () => 1,
  "receipts in hand": () => 1,
};
