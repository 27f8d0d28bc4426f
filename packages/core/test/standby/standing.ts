import type { Actor, World } from "../../src/conformance/backend-suite/world.ts";
import type { OpenOptions } from "../../src/open-options.ts";
import { standby, type StandbyOptions, type StandbyTakeover } from "../../src/standby/index.ts";
import { nextIteration } from "../../src/conformance/store-suite/operations.ts";
import { VirtualClock } from "../support/virtual-clock.ts";

/** One who stands by: its own way to the store, and its own clock. */
export interface Standing {
  readonly actor: Actor;
  readonly clock: VirtualClock;
  /** Rejects with what `standby` rejects with, or is stopped with. */
  readonly taken: Promise<StandbyTakeover>;
  /** What became of it; `undefined`: it watches. */
  outcome(): StandbyTakeover | { readonly failed: unknown } | undefined;
  /** Lets so much of its time pass, and whatever can happen. */
  pass(ms: number): Promise<void>;
}

export const patienceMs = 1000;

/** A world in which nothing is sealed by time: each who stands by is moved by hand. */
export async function standBy(
  world: World,
  instanceId: string,
  options: Partial<StandbyOptions> & { readonly open?: Partial<OpenOptions> } = {},
): Promise<Standing> {
  const { open, ...standing } = options;
  const actor = await world.open(instanceId, open);
  const clock = new VirtualClock();
  const taken = standby(actor.backend, { patienceMs, clock, random: () => 0, ...standing });
  let outcome: StandbyTakeover | { readonly failed: unknown } | undefined;
  taken.then(
    (takeover) => (outcome = takeover),
    (failed: unknown) => (outcome = { failed }),
  );
  const pass = async (ms: number): Promise<void> => {
    await clock.advance(ms);
    await quiet();
  };
  await quiet();
  return { actor, clock, taken, outcome: () => outcome, pass };
}

/** Resolves when whatever can run without time has run: a call on a store in memory takes a few turns. */
export async function quiet(): Promise<void> {
  for (let turns = 0; turns < 20; turns++) await nextIteration();
}
