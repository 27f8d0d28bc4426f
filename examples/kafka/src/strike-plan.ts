import { randomNumbers } from "flights/random-numbers";
import { allPoints, type Point } from "./points.ts";

/** One strike. Its moment is a number of records, and from there on a number of times that a point is reached. */
export type Strike = { readonly record: number } & Event;

type Event =
  | {
      readonly type: "kill";
      readonly victim: number;
      readonly point: Point;
      readonly nth: number;
      /** Who replaces the victim is killed too, as soon as it reaches this point. */
      readonly successor?: Point | undefined;
    }
  | { readonly type: "pause"; readonly victim: number; readonly point: Point; readonly nth: number }
  | { readonly type: "add" | "remove" | "restart the broker" | "kill the broker" };

export interface StrikePlanOptions {
  readonly seed: number;
  readonly strikes: number;
  readonly records: number;
  readonly workers: number;
  /** Whether the broker is ours to be struck. */
  readonly withBroker: boolean;
}

/** A zombie at one of these must be refused: by the store up to `p3`, by Kafka at the others. */
export const pausePoints = ["p1", "p3", "p5", "p7"] as const satisfies Point[];

/** Kills within the takeover of a partition that was left in the middle of its transaction. */
const successions: readonly (readonly [Point, Point])[] = [
  ["p6", "p12"],
  ["p7", "p13"],
  ["p5", "p14"],
];

const simpleKills = allPoints.filter((point) => !successions.some((pair) => pair.includes(point)));

/** Strikes that hit every point once: what a plan repeats. */
export function strikesOfACycle(withBroker: boolean): number {
  return kindsOf(withBroker).length;
}

/** The strikes of a run, in their order. The same options give the same plan. */
export function planStrikes(options: StrikePlanOptions): readonly Strike[] {
  const { seed, strikes, records, workers, withBroker } = options;
  const random = randomNumbers(seed);
  const below = (bound: number): number => Math.floor(random() * bound);
  const kinds: Kind[] = [];
  while (kinds.length < strikes) {
    const cycle = kindsOf(withBroker).map((kind) => ({ kind, order: random() }));
    kinds.push(...cycle.toSorted((a, b) => a.order - b.order).map(({ kind }) => kind));
  }
  let hasExtra = false;
  return kinds.slice(0, strikes).map((kind, index): Strike => {
    const record = Math.floor(((index + random()) / (strikes + 1)) * records);
    const victim = below(workers);
    const nth = 1 + below(3);
    switch (kind.type) {
      case "kill":
      case "pause":
        return { ...kind, record, victim, nth };
      case "rebalance":
        hasExtra = !hasExtra;
        return { type: hasExtra ? "add" : "remove", record };
      case "restart the broker":
      case "kill the broker":
        break;
    }
    return { type: kind.type, record };
  });
}

type Kind =
  | { readonly type: "kill"; readonly point: Point; readonly successor?: Point | undefined }
  | { readonly type: "pause"; readonly point: Point }
  | { readonly type: "rebalance" }
  | { readonly type: "restart the broker" | "kill the broker" };

function kindsOf(withBroker: boolean): readonly Kind[] {
  return [
    ...simpleKills.map((point) => ({ type: "kill", point }) as const),
    ...successions.map(([point, successor]) => ({ type: "kill", point, successor }) as const),
    ...pausePoints.map((point) => ({ type: "pause", point }) as const),
    { type: "rebalance" },
    { type: "rebalance" },
    ...(withBroker ? [{ type: "restart the broker" } as const, { type: "kill the broker" } as const] : []),
  ];
}
