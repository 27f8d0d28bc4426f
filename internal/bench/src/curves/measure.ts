import type { ObjectStore } from "../../../../packages/core/src/store.ts";
import { Meter } from "../peers/meter.ts";
import type { OnRequest } from "../slow-store.ts";
import type { Curve, Step } from "./definitions.ts";
import type { Place } from "./places.ts";

export interface Figures {
  readonly ms: number;
  /** Of all threads of this process. */
  readonly cpuMs: number;
  readonly requests: number;
  /** Live memory, of the heap and beside it, as requests begin: the peak, above that before the call. */
  readonly peakMib: number;
}

/** A point of a curve: the figures of each step, by its name. */
export interface Point {
  readonly x: number;
  readonly steps: ReadonlyMap<string, Figures>;
}

/** How many samples of memory a step has, about: each is a collection. */
const samples = 12;

/** Runs each step twice: with a wait for the time, and without one for the memory. */
export async function measurePoint(curve: Curve, x: number, place: Place): Promise<Point> {
  const timed = new Map<string, Omit<Figures, "peakMib">>();
  let requests = 0;
  const count: OnRequest = () => (requests += 1);
  await withSteps({ curve, x, place, isSlow: true }, count, async ({ name, run }) => {
    requests = 0;
    const meter = new Meter();
    await run();
    timed.set(name, { ms: meter.ms, cpuMs: meter.cpuMs, requests });
  });
  const peaks = new Map<string, number>();
  let peak = 0;
  let begun = 0;
  let every = Infinity;
  const sample: OnRequest = () => {
    if (begun++ % every === 0) peak = Math.max(peak, liveBytes());
  };
  await withSteps({ curve, x, place, isSlow: false }, sample, async ({ name, run }) => {
    const idle = liveBytes();
    [peak, begun] = [idle, 0];
    every = Math.max(1, Math.floor((timed.get(name)?.requests ?? 1) / samples));
    await run();
    peaks.set(name, Math.max(peak, liveBytes()) - idle);
    every = Infinity;
  });
  const steps = [...timed].map(([name, figures]) => {
    return [name, { ...figures, peakMib: (peaks.get(name) ?? 0) / 2 ** 20 }] as const;
  });
  return { x, steps: new Map(steps) };
}

interface Setting {
  readonly curve: Curve;
  readonly x: number;
  readonly place: Place;
  readonly isSlow: boolean;
}

async function withSteps(
  { curve, x, place, isSlow }: Setting,
  onRequest: OnRequest,
  each: (step: Step) => Promise<void>,
): Promise<void> {
  const empty = await place.empty(isSlow, onRequest);
  const filled: ObjectStore[] = [];
  for (const shape of curve.histories(x)) filled.push(await place.filled(shape, isSlow, onRequest));
  for (const step of await curve.steps(x, empty, filled)) await each(step);
  for (const store of [empty, ...filled]) await store.close?.();
}

/** @throws `Error` in a process that was started without `--expose-gc` */
function liveBytes(): number {
  const { gc } = globalThis;
  if (gc === undefined) throw new Error("run with --expose-gc: what is garbage must not be counted");
  gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
