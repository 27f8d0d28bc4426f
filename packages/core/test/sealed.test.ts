import { describe, expect, test } from "vitest";
import { isStateError } from "../src/errors.ts";
import type { OpenOptions } from "../src/open-options.ts";
import type { EpochOutcome } from "../src/state-backend.ts";
import type { Late } from "../src/conformance/backend-suite/scripted-store.ts";
import { type Actor, World } from "../src/conformance/backend-suite/world.ts";
import { showScheduleOnFailure } from "./support/failed-schedule.ts";
import { MapStore } from "./support/map-store.ts";

/**
 * Rolling back what is sealed loses data, so what an error says of the seal is compared with the store's own contents:
 * in every state that an epoch can be in, with every fault at every request of the call, and every pair of faults.
 */
type Call = () => Promise<unknown>;
async function refused(call: Promise<unknown>, code: string): Promise<void> {
  await expect(call).rejects.toMatchObject({ code });
}

/** Brings a world into the state, and returns the call on epoch 5. */
type State = (world: World) => Promise<{ readonly actor: Actor; readonly call: Call; readonly late?: Late }>;

async function unfenced(world: World): Promise<Actor> {
  const actor = await world.open("A");
  await actor.seal(4, { 0: "four" });
  return actor;
}

async function leading(world: World, options?: Partial<OpenOptions>): Promise<Actor> {
  const actor = await world.lead("A", 1, options);
  await actor.seal(4, { 0: "four" });
  return actor;
}

async function completing(actor: Actor): Promise<{ actor: Actor; call: Call }> {
  const parts = [await actor.write(5, 0, "five")];
  return { actor, call: () => actor.backend.epochComplete({ epoch: 5, parts }) };
}

async function prunedBySuccessor(
  world: World,
  verifyObjects: boolean,
): Promise<{ actor: Actor; call: Call }> {
  const completion = await completing(await leading(world, { verifyObjects }));
  const successor = await world.lead("B", 2);
  await successor.seal(6, { 0: "six" });
  await successor.backend.pruneBefore(6);
  return completion;
}

const states: Readonly<Record<string, State>> = {
  "a new epoch": async (world) => completing(await leading(world)),
  "a new epoch without a fence": async (world) => completing(await unfenced(world)),
  "a new epoch with nothing but unchanged vnodes": async (world) => {
    const actor = await leading(world);
    return { actor, call: () => actor.backend.epochComplete({ epoch: 5, parts: [], unchanged: [0] }) };
  },
  "an epoch that this backend sealed": async (world) => {
    const actor = await leading(world);
    await actor.seal(5, { 0: "five" });
    return { actor, call: () => actor.backend.epochComplete({ epoch: 5, parts: [0] }) };
  },
  "an epoch that another instance sealed": async (world) => {
    const actor = await unfenced(world);
    await (await world.open("B")).seal(5, { 0: "other" });
    return { actor, call: () => actor.backend.epochComplete({ epoch: 5, parts: [0] }) };
  },
  "an epoch that is void": async (world) => {
    const completion = await completing(await leading(world));
    await completion.actor.backend.abort(5);
    return completion;
  },
  "a leader that was deposed": async (world) => {
    const completion = await completing(await leading(world));
    await world.lead("B", 2);
    return completion;
  },
  "a leader that looks first, and was deposed before it wrote": async (world) => {
    const actor = await leading(world, { verifyObjects: true });
    await world.lead("B", 2);
    return completing(actor);
  },
  "an epoch that was sealed and pruned": async (world) => {
    const completion = await completing(await unfenced(world));
    const other = await world.open("A");
    await other.seal(5, { 0: "five" });
    await other.seal(6, { 0: "six" });
    await other.backend.pruneBefore(6);
    return completion;
  },
  "a deposed leader's epoch that was pruned": async (world) => prunedBySuccessor(world, false),
  "the same, if it looks first": async (world) => prunedBySuccessor(world, true),
  "an epoch below the newest seal": async (world) => {
    const completion = await completing(await leading(world));
    await completion.actor.seal(6, { 0: "six" });
    return completion;
  },
  "an epoch whose partial is gone": async (world) => {
    const completion = await completing(await leading(world, { verifyObjects: true }));
    await world.store.delete(["epoch=5/vnode=0/partial.bin"]);
    return completion;
  },
  "an epoch of which a vnode has no receipt": async (world) => {
    const actor = await leading(world);
    await (await world.open("W")).write(5, 0, "five");
    return { actor, call: () => actor.backend.epochComplete({ epoch: 5, parts: [0] }) };
  },
  "an epoch above one of unknown outcome": async (world) => {
    const actor = await world.lead("A", 1);
    const earlier = [await actor.write(4, 0, "four")];
    actor.store.lose("create epoch=4/_COMMIT");
    await refused(actor.backend.epochComplete({ epoch: 4, parts: earlier }), "OutcomeUnknown");
    return completing(actor);
  },
  "an epoch of unknown outcome": async (world) => {
    const completion = await completing(await leading(world));
    const late = completion.actor.store.delay("create epoch=5/_COMMIT");
    await refused(completion.call(), "OutcomeUnknown");
    return { ...completion, late };
  },
  "an abort of a new epoch": async (world) => {
    const { actor } = await completing(await leading(world));
    return { actor, call: () => actor.backend.abort(5) };
  },
  "an abort of a sealed epoch": async (world) => {
    const actor = await leading(world);
    await actor.seal(5, { 0: "five" });
    return { actor, call: () => actor.backend.abort(5) };
  },
  "an abort of a pruned epoch": async (world) => {
    const actor = await leading(world);
    await actor.seal(5, { 0: "five" });
    await actor.seal(6, { 0: "six" });
    await actor.backend.pruneBefore(6);
    return { actor, call: () => actor.backend.abort(5) };
  },
};

const faults = ["lose", "loseResponse", "delay", "repeat", "Denied", "Unavailable"] as const;
const mostFaults = 2;

interface Fault {
  readonly kind: (typeof faults)[number];
  /** The place of the request in the call. */
  readonly at: number;
}

type Plan = readonly Fault[];

/** Arms the store; returns the requests that are to land when the call is over. */
function arm({ store }: Actor, plan: Plan): Late[] {
  const late: Late[] = [];
  for (const [index, { kind, at }] of plan.entries()) {
    // The request that an earlier fault takes is not counted by the rules behind it.
    const occurrence = { after: at - index };
    if (kind === "delay") late.push(store.delay(/./, occurrence));
    else if (kind === "Denied" || kind === "Unavailable") store.refuse(/./, kind, occurrence);
    else store[kind](/./, occurrence);
  }
  return late;
}

interface Trial {
  /** How many requests the call sent. */
  readonly requests: number;
  /** What the call said of the seal, and what the store says, if the two differ. */
  readonly contradicted: object | undefined;
}

/** Runs the call under the plan. */
async function tried(state: State, plan: Plan): Promise<Trial> {
  const world = new World(new MapStore());
  const { actor, call, late: earlier } = await state(world);
  const before = actor.store.requests.length;
  const late = arm(actor, plan);
  if (earlier !== undefined) late.push(earlier);
  const outcome: unknown = await call().catch((error: unknown) => error);
  // What was on its way lands now: a "no" must hold for ever.
  for (const request of late) await request.land();

  const requests = actor.store.requests.length - before;
  const claim = claimOf(outcome);
  const inStore = await world.commit(5);
  const pruned = (await world.keys("_control/")).includes("_control/floor=0000000000000006");
  const wasReached = plan.every(({ at }) => at < requests);
  const holds =
    claim === "unknown" ||
    (claim === "yes" && (inStore === "seal" || pruned)) ||
    (claim === "no" && inStore !== "seal" && !pruned);
  if (holds && wasReached) return { requests, contradicted: undefined };
  const { schedule } = world;
  return {
    requests,
    contradicted: { plan, wasReached, claim, outcome: String(outcome), inStore, pruned, schedule },
  };
}

/**
 * The first contradiction. The call is tried without a fault, then with every fault at every request that it sends, then
 * with every second fault at every later request that it sends under the first one. A fault at a later place would meet
 * nothing.
 */
async function contradiction(state: State): Promise<object | undefined> {
  const plans: Plan[] = [[]];
  for (const plan of plans) {
    const { requests, contradicted } = await tried(state, plan);
    if (contradicted !== undefined) return contradicted;
    if (plan.length === mostFaults) continue;
    for (let at = (plan.at(-1)?.at ?? -1) + 1; at < requests; at++)
      for (const kind of faults) plans.push([...plan, { kind, at }]);
  }
  return undefined;
}

function resultOf(outcome: unknown): string {
  if (isStateError(outcome)) return outcome.code;
  // An `abort` that resolves says that the epoch is void.
  if (outcome === undefined) return "aborted";
  return (outcome as EpochOutcome).complete ? "complete" : "missing";
}

function claimOf(outcome: unknown): "yes" | "no" | "unknown" {
  if (isStateError(outcome)) return outcome.sealed;
  if (outcome === undefined) return "no";
  return (outcome as EpochOutcome).complete ? "yes" : "unknown";
}

describe("without a fault the call comes to", () => {
  test.each([
    ["a new epoch", "complete", "yes"],
    ["a new epoch without a fence", "complete", "yes"],
    ["a new epoch with nothing but unchanged vnodes", "complete", "yes"],
    ["an epoch that this backend sealed", "complete", "yes"],
    ["an epoch that another instance sealed", "SplitBrainCommit", "yes"],
    ["an epoch that is void", "EpochAborted", "no"],
    ["a leader that was deposed", "EpochAborted", "no"],
    ["a leader that looks first, and was deposed before it wrote", "StaleVersion", "no"],
    ["an epoch that was sealed and pruned", "EpochPruned", "unknown"],
    ["a deposed leader's epoch that was pruned", "EpochPruned", "unknown"],
    ["the same, if it looks first", "StaleVersion", "unknown"],
    ["an epoch below the newest seal", "EpochSuperseded", "no"],
    ["an epoch whose partial is gone", "PartialLost", "no"],
    ["an epoch of which a vnode has no receipt", "ReceiptRequired", "no"],
    ["an epoch above one of unknown outcome", "complete", "yes"],
    ["an epoch of unknown outcome", "complete", "yes"],
    ["an abort of a new epoch", "aborted", "no"],
    ["an abort of a sealed epoch", "EpochSealed", "yes"],
    ["an abort of a pruned epoch", "EpochPruned", "unknown"],
  ])("%s: %s, sealed %s", async (name, result, sealed) => {
    const world = new World(new MapStore());
    showScheduleOnFailure(() => world.schedule);
    const { call } = (await states[name]?.(world)) ?? {};
    const outcome: unknown = await call?.().catch((error: unknown) => error);
    expect([resultOf(outcome), claimOf(outcome)]).toEqual([result, sealed]);
  });
});

describe("what a call says of the seal is what the store holds, whatever one or two requests meet:", () => {
  test.each(Object.entries(states))("%s", { timeout: 60_000 }, async (_, state) => {
    expect(await contradiction(state)).toBeUndefined();
  });
});
