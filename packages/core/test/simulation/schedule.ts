import type { StateErrorCode } from "../../src/errors.ts";
import { verify } from "../../src/verify/index.ts";
import { MapStore } from "../support/map-store.ts";
import type { Job, Standing } from "./actors.ts";
import { Cast } from "./cast.ts";
import { Clock } from "./clock.ts";
import { epilogue, tidyUp } from "./epilogue.ts";
import { currentCall } from "./connection.ts";
import { History } from "./history.ts";
import { resetUuids } from "./repeatable-globals.ts";
import { Network } from "./network.ts";
import { ObservedCall } from "./observed-call.ts";
import { Observer } from "./observer.ts";
import { peculiarActor } from "./peculiarity.ts";
import type { Process } from "./process.ts";
import type { OpenBackend, Surroundings } from "./surroundings.ts";
import { prologue } from "./prologue.ts";
import { Random } from "./random.ts";
import { Readings } from "./readings.ts";
import { drawScale } from "./scale.ts";
import { Scheduler } from "./scheduler.ts";
import { StoreServer } from "./store-server.ts";
import type { Trait } from "./traits.ts";

export interface ScheduleOptions {
  readonly open: OpenBackend;
  readonly trace?: boolean;
  /** Whether every seed is one of standbys. */
  readonly standbysOnly?: boolean;
}

export interface ScheduleResult {
  readonly seed: number;
  /** How many events there were. */
  readonly events: number;
  readonly violations: readonly string[];
  readonly codes: ReadonlySet<StateErrorCode>;
  readonly traits: ReadonlySet<Trait>;
  readonly trace: readonly string[];
}

/** Runs the one schedule that `seed` stands for. */
export async function runSchedule(
  seed: number,
  { open, trace = false, standbysOnly = false }: ScheduleOptions,
): Promise<ScheduleResult> {
  resetUuids((uuid) => {
    const call = currentCall.getStore();
    if (call instanceof ObservedCall) call.uuid = uuid;
  });
  const random = new Random(seed);
  const clock = new Clock();
  const kind = kindOf(seed, standbysOnly);
  const owners = drawOwners(random, kind);
  const isCrashLoop = owners.includes("L");
  const scale = drawScale(random);
  const traits = new Set<Trait>();
  if (isCrashLoop) traits.add("a job that dies over and over");
  if (scale.rate !== undefined) traits.add("large seals on a slow line");
  const scheduler = new Scheduler(random.fork(), clock, { owners, trace });
  const pageSize = random.pick(isCrashLoop ? [3, 100, 100] : [2, 2, 3, 100]);
  const history: History = new History(
    pageSize,
    () => scheduler.tick,
    () => server.objects,
  );
  const server = new StoreServer(pageSize, history, random.fork());
  const network = new Network(random.fork());
  const observer = new Observer(history, () => scheduler.lastTimeout);
  const givingUp = new Map<AbortController, Process>();
  const chance = random.fork();
  const isCoded = random.chance(0.2);
  const world = {
    scheduler,
    clock,
    network,
    server,
    history,
    observer,
    readings: new Readings(history),
    scale,
    traits,
    open,
    isCoded,
    givingUp,
    random: chance,
  } satisfies Surroundings;
  const job = newJob(random.fork(), traits, isCoded, kind.areStandbys);
  prologue(world, job);

  const cast = new Cast(world, job);
  const isPeculiar = random.chance(0.02);
  for (const id of owners) cast.enter(id);
  if (isPeculiar) cast.run("X", () => peculiarActor(world, job, "X"));
  scheduler.disturb({ probability: random.pick([0, 0.005, 0.02]), run: () => cast.crash(random) });
  scheduler.disturb({ probability: 0.01, run: () => giveUp(givingUp) });

  const act = async (isEnough: () => boolean = () => false): Promise<void> => {
    const isOver = await scheduler.run(() => {
      if (scheduler.tick > longest) history.violate("liveness", `nobody sealed in ${longest} events`);
      return cast.isOver || history.violations.length > 0 || isEnough();
    });
    if (!isOver) history.violate("8", `nothing can happen any more, and ${cast.running} still wait`);
  };
  // Faults stop when all is over, or while everybody still acts.
  const faultsEnd = random.chance(0.5) ? 20 + random.below(250) : Infinity;
  const moments = new Moments(seed, server);
  await act(() => {
    moments.see(scheduler.tick);
    return scheduler.tick >= faultsEnd;
  });
  moments.keep();
  if (!cast.isOver) traits.add("faults that stop while all act");
  scheduler.calm();
  network.calm();
  if (history.violations.length === 0 && !history.isDamaged) {
    const before = history.everSealed.length;
    cast.run("Z", () => epilogue(world, job));
    await act();
    if (history.violations.length === 0 && history.everSealed.length === before)
      history.violate("liveness", "no request failed any more, and nobody sealed an epoch");
  }
  if (history.violations.length === 0 && !history.isDamaged && random.chance(0.4)) {
    // Whatever is still on its way arrives, or never will.
    await scheduler.run(() => false);
    cast.run("Y", () => tidyUp(world));
    await act();
  }
  moments.keep();
  // To look at each moment costs more than the schedule: every sixteenth one is enough.
  if (seed % 16 === 0 && history.violations.length === 0 && !history.isDamaged)
    for (const moment of moments.kept) await checkVerified(moment, history);
  const { violations } = history;
  const { codes } = observer;
  return { seed, events: scheduler.tick, violations, codes, traits, trace: scheduler.trace ?? [] };
}

/** Whatever has happened, nothing of it is damage to whoever looks at the store. */
async function checkVerified(moment: Map<string, Uint8Array>, history: History): Promise<void> {
  for await (const { kind, severity, message } of verify({ store: new MapStore(moment), deep: true }))
    if (severity !== "notice") history.violate("verify", `${kind}: ${message}`);
}

/** What the store held at some moments, of which the seed says when they are: no random number is drawn for it. */
class Moments {
  readonly kept: Map<string, Uint8Array>[] = [];
  readonly #server: StoreServer;
  readonly #every: number;

  constructor(seed: number, server: StoreServer) {
    this.#server = server;
    this.#every = 40 + (seed % 61);
  }

  see(tick: number): void {
    if (tick % this.#every === 0) this.keep();
  }

  keep(): void {
    this.kept.push(new Map(this.#server.objects));
  }
}

/** More than any schedule has. */
const longest = 30_000;

interface Kind {
  /** Whether all leaders stand by before they lead. */
  readonly areStandbys: boolean;
  /** Whether somebody verifies and copies beside the others. */
  readonly isInspected: boolean;
}

/** The seed says it, and no random number is drawn for it. */
function kindOf(seed: number, standbysOnly: boolean): Kind {
  const areStandbys = standbysOnly || seed % 16 === 13;
  return { areStandbys, isInspected: seed % 16 === 11 || seed % 32 === 29 };
}

/** Two or three leaders, or one that crashes over and over and one beside it, and some others. */
function drawOwners(random: Random, { areStandbys, isInspected }: Kind): readonly string[] {
  const isCrashLoop = !areStandbys && random.chance(0.05);
  const several = areStandbys ? ["T", "U", "V"] : ["A", "B", "C"];
  const leaders = isCrashLoop
    ? ["L", "A"].slice(0, 1 + random.below(2))
    : several.slice(0, 2 + random.below(2));
  const others = ["W", "R", "S", "O", "P"].filter(() => random.chance(isCrashLoop ? 0.3 : 0.4));
  return [...leaders, ...others, ...(isInspected ? ["I"] : [])];
}

function newJob(random: Random, traits: Set<Trait>, isCoded: boolean, areStandbys: boolean): Job {
  return {
    standing: areStandbys ? drawStanding(random) : undefined,
    random,
    traits,
    lastEpoch: 2 + random.below(5),
    vnodes: random.pick<readonly [number, ...number[]]>([
      [0, 1],
      [0, 1],
      [0, 1, 2],
    ]),
    isCoded,
    streaming: random.pick([0.1, 0.1, 0.8]),
    pruning: random.pick([0.3, 0.3, 0.9]),
    receipts: [],
    epoch: 0,
    floor: 0,
    version: 0,
  };
}

/** The shortest patience is shorter than an epoch: leaders lose their office though they are alive. */
function drawStanding(random: Random): Standing {
  const patienceMs = random.pick([300, 1000, 4000]);
  return { patienceMs, stop: new AbortController(), termsLeft: 2 + random.below(4) };
}

function giveUp(callers: Map<AbortController, Process>): string | undefined {
  const first = [...callers].find(([, process]) => !process.crashed);
  if (first === undefined) return undefined;
  const [caller, process] = first;
  callers.delete(caller);
  caller.abort("given up");
  return `a caller of ${process.instanceId} gives up`;
}
