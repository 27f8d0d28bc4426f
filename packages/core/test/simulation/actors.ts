import type { OpenOptions } from "../../src/open-options.ts";
import type { PartialReceipt } from "../../src/receipt.ts";
import type { Process } from "./process.ts";
import type { Random } from "./random.ts";
import type { Trait } from "./traits.ts";

/** What the actors of one schedule know of each other: the world outside the store. */
export interface Job {
  readonly random: Random;
  readonly traits: Set<Trait>;
  /** Epochs are numbered up to this. */
  readonly lastEpoch: number;
  readonly vnodes: readonly [number, ...number[]];
  /** What writers have sent to whoever seals. */
  readonly receipts: PartialReceipt[];
  /** How likely a leader prunes after an epoch. */
  readonly pruning: number;
  readonly isCoded: boolean;
  /** How likely a vnode is written as a stream. */
  readonly streaming: number;
  /** In schedules of standbys. */
  readonly standing: Standing | undefined;
  /** The epoch that was last begun. */
  epoch: number;
  /** The floor that a prune last returned. */
  floor: number;
  /** The assignment version that was last given out. */
  version: number;
}

/** What those who stand by have in common. */
export interface Standing {
  readonly patienceMs: number;
  /** Ends all of them. */
  readonly stop: AbortController;
  /** How many terms are still to come. */
  termsLeft: number;
}

/** Starts a life of the actor's instance; `undefined` if it could not open its backend. */
export type Start = (options?: Partial<OpenOptions>) => Promise<Process | undefined>;

export type Actor = (job: Job, start: Start) => Promise<void>;

export async function prune(job: Job, process: Process, asOperator: boolean): Promise<string> {
  const { random } = job;
  const before = random.chance(0.5) ? job.epoch + random.below(3) : random.below(job.lastEpoch + 2);
  const outcome = await process.prune(before, asOperator);
  if (!("value" in outcome)) return outcome.code;
  job.floor = outcome.value.floor;
  return "pruned";
}

/** Writes for whoever seals, under the version that it knows of. */
export async function writer(job: Job, start: Start): Promise<void> {
  const { random } = job;
  const process = await start();
  if (process === undefined) return;
  for (let round = 0; round < 3; round++) {
    if (random.chance(0.6)) process.setAuthoritativeVersion(job.version);
    const epoch = job.epoch + random.below(2);
    const vnode = random.pick(job.vnodes);
    const version = random.chance(0.9) ? process.version : Math.max(0, job.version - 1);
    const text = `${process.incarnation.slice(-2)} ${epoch}/${vnode} ${random.below(3)}`;
    if (random.chance(0.2)) await process.latest();
    const outcome = await (random.chance(job.streaming)
      ? process.stream(epoch, vnode)
      : process.write(epoch, vnode, text, version));
    if ("value" in outcome) job.receipts.push(outcome.value);
    // Another attempt at the same epoch, with other state.
    if (random.chance(0.3)) await process.write(epoch, vnode, `${text} again`, version);
  }
}

/** Restores, and looks around, above the floor and below it. */
export async function reader(job: Job, start: Start): Promise<void> {
  const { random } = job;
  const process = await start({ readOnly: random.chance(0.6) });
  if (process === undefined) return;
  const rounds = 1 + random.below(3);
  for (let round = 0; round < rounds; round++) {
    // Some come when much has happened, and ask for what was pruned.
    if (random.chance(0.4)) await process.turn(random.below(120));
    const isPruned = job.floor > 0 && random.chance(0.5);
    const epoch = random.below(isPruned ? job.floor : job.lastEpoch + 1);
    switch (random.below(7)) {
      case 0:
      case 1:
      case 2: {
        const found = await process.latest();
        if (!("value" in found) || found.value === undefined) break;
        const handle = found.value;
        await Promise.all(handle.vnodes.map((vnode) => process.read(handle, vnode)));
        for (const name of handle.attachments) await process.read(handle, name);
        break;
      }
      case 3:
        await process.latestCommittedEpoch();
        break;
      case 4:
        await process.readPartial(
          isPruned || random.chance(0.3) ? epoch : Math.max(0, job.epoch - 1),
          random.pick(job.vnodes),
        );
        break;
      case 5:
        await process.sealedEpochs(random.chance(0.7) ? undefined : epoch);
        break;
      default:
        await process.describe(isPruned || random.chance(0.5) ? epoch : job.epoch);
    }
  }
  if (random.chance(0.05)) await process.write(0, 0, "not allowed");
  if (!random.chance(0.05)) return;
  await process.close();
  await process.latest();
}

/** Prunes, and decides epochs by hand, without leading. */
export async function operator(job: Job, start: Start): Promise<void> {
  const { random } = job;
  const process = await start();
  if (process === undefined) return;
  const rounds = 1 + random.below(3);
  for (let round = 0; round < rounds; round++) {
    // The second of each operator's goes by a name that those of others have too, and that nobody lets go of.
    const own = round === 1 ? undefined : `${process.incarnation.slice(-4)}-${round}`;
    if (random.chance(0.3)) await savepoint(job, process, own);
    const choice = random.below(10);
    if (choice < 7) await prune(job, process, random.chance(0.8));
    else if (choice < 9) await process.abort(random.below(job.epoch + 3));
    else await process.describe(job.epoch);
  }
}

/** Pins an epoch, looks at it when much has happened, and if the name is its own it may let go of it. */
async function savepoint(
  { random, epoch: begun, vnodes }: Job,
  process: Process,
  own: string | undefined,
): Promise<void> {
  const epoch = Math.max(0, begun - random.below(3));
  const name = own ?? `shared-${epoch}`;
  const pinned = await process.pin(epoch, name);
  if (!("value" in pinned) && random.chance(0.5)) return;
  for (let look = random.below(3); look > 0; look--) {
    await process.turn(random.below(60));
    const opened = await process.openPin(epoch, name);
    if ("value" in opened) await process.read(opened.value, random.pick(vnodes));
    if (random.chance(0.3)) await process.describe(epoch);
    if (random.chance(0.3)) await process.readPartial(epoch, random.pick(vnodes));
  }
  if (random.chance(0.5) && own !== undefined) await process.unpin(epoch, name);
}
