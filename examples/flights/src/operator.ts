import type { Flight } from "./flights.ts";
import { add, decode, encode, ofDelay } from "./statistics.ts";
import type { Statistics } from "./statistics.ts";
import { vnodeOf } from "./vnodes.ts";

/** What an epoch's flights changed in a worker's vnodes. */
export interface Change {
  /** The epoch's flights alone, by route: the rows for the sink. */
  readonly rows: Statistics;
  /** Vnodes whose state differs from the one an epoch ago. */
  readonly changed: readonly number[];
  /** Vnodes that hold the same state as an epoch ago. */
  readonly unchanged: readonly number[];
}

/** A worker's state: the delays of each airport and of each route, in the vnode of the origin. */
export class DelayOperator {
  readonly #vnodes = new Map<number, Statistics>();

  /** Sets a vnode's state to that of a sealed epoch. */
  restore(vnode: number, state: Uint8Array): void {
    this.#vnodes.set(vnode, decode(new TextDecoder().decode(state)));
  }

  /** Adds all flights of an epoch. */
  process(flights: Iterable<Flight>): Change {
    const rows: Statistics = new Map();
    for (const { origin, destination, delay } of flights) {
      add(rows, `${origin}-${destination}`, ofDelay(Number(delay)));
    }
    const changed = new Set<number>();
    for (const [route, delays] of rows) {
      const airport = route.slice(0, 3);
      const vnode = vnodeOf(airport);
      const state = this.#vnodes.get(vnode) ?? new Map();
      add(state, airport, delays);
      add(state, route, delays);
      this.#vnodes.set(vnode, state);
      changed.add(vnode);
    }
    const unchanged = [...this.#vnodes.keys()].filter((vnode) => !changed.has(vnode));
    return { rows, changed: [...changed], unchanged };
  }

  /** A vnode's state as the bytes of its partial. */
  snapshot(vnode: number): Uint8Array {
    return new TextEncoder().encode(encode(this.#vnodes.get(vnode) ?? new Map()));
  }
}
