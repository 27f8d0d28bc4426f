import type { OpenOptions } from "../../src/open-options.ts";
import type { PartialReceipt } from "../../src/receipt.ts";
import type { Attempt, Process } from "./process.ts";
import type { Random } from "./random.ts";

/** What the actors of one schedule know of each other: the world outside the store. */
export interface Job {
  readonly random: Random;
  /** Epochs are numbered up to this. */
  readonly lastEpoch: number;
  readonly vnodes: readonly [number, ...number[]];
  /** What writers have sent to whoever seals. */
  readonly receipts: PartialReceipt[];
  /** The epoch that was last begun. */
  epoch: number;
  /** The assignment version that was last given out. */
  version: number;
}

/** Starts a life of the actor's instance; `undefined` if it could not open its backend. */
export type Start = (options?: Partial<OpenOptions>) => Promise<Process | undefined>;

export type Actor = (job: Job, start: Start) => Promise<void>;

/** Leads, seals, prunes, and begins anew as another incarnation of the same instance. */
export async function leader(job: Job, start: Start): Promise<void> {
  const { random } = job;
  const isFenced = random.chance(0.9);
  for (let life = 0; life < 3; life++) {
    const acceptListed = random.chance(0.1);
    const process = await start({ acceptListed });
    if (process === undefined) continue;
    let epoch = random.below(3);
    if (isFenced) {
      // Now and then two are given one version, or an old one.
      if (job.version === 0 || random.chance(0.9)) job.version += 1;
      const claimed = await process.takeover(job.version);
      if (!("value" in claimed)) continue;
      epoch = claimed.value.nextEpoch;
      const { base } = claimed.value;
      if (base !== undefined && random.chance(0.3)) await process.read(base, random.pick(job.vnodes));
    }
    await checkpoints(job, { process, byNumber: acceptListed ? 0.6 : 0.04, attempts: [] }, epoch);
  }
}

interface Leadership {
  readonly process: Process;
  /** How likely the leader names a vnode by its number, when another process may have written it. */
  readonly byNumber: number;
  /** What was asked about so far. */
  readonly attempts: Attempt[];
}

async function checkpoints(job: Job, leading: Leadership, first: number): Promise<void> {
  const { random } = job;
  const { process } = leading;
  let epoch = first;
  const rounds = 1 + random.below(3);
  for (let round = 0; round < rounds && epoch <= job.lastEpoch + 1; round++) {
    job.epoch = Math.max(job.epoch, epoch);
    const sealing = checkpoint(job, leading, epoch);
    // The next one, or a prune, may begin before the first has returned.
    const beside = random.below(12);
    if (beside === 0) await checkpoint(job, leading, epoch + 1);
    if (beside === 1) await prune(job, process, false);
    const ended = await sealing;
    if (ended === "StaleVersion" || ended === "SplitBrainCommit" || ended === "given up") return;
    const pruning = random.chance(0.3) ? prune(job, process, false) : undefined;
    // Somebody who missed the outcome asks for an old epoch once more, pruned or not.
    if (random.chance(0.15)) await askAgain(job, leading);
    await pruning;
    if (pruning !== undefined && random.chance(0.3)) await askAgain(job, leading);
    if (random.chance(0.1)) await process.latest();
    epoch += random.chance(0.85) ? 1 : random.below(3);
  }
}

/** One epoch: writes, then asks until it is decided, or loses patience. */
async function checkpoint(job: Job, leading: Leadership, epoch: number): Promise<string> {
  const { random } = job;
  const { process } = leading;
  const attempt = await prepare(job, leading, epoch);
  leading.attempts.push(attempt);
  for (let tries = 0; tries < 3; tries++) {
    const outcome = await process.complete(attempt);
    if ("value" in outcome) {
      if (!outcome.value.complete) continue;
      if (random.chance(0.12)) await askForOthers(job, process, attempt);
      return "complete";
    }
    const { code } = outcome;
    if (code !== "OutcomeUnknown" && code !== "StoreFailed") return code;
    if (random.chance(0.3)) await process.abort(epoch);
    if (random.chance(0.4)) return code;
  }
  return "gave in";
}

async function prepare(job: Job, { process, byNumber }: Leadership, epoch: number): Promise<Attempt> {
  const { random, vnodes } = job;
  const isIncremental = epoch > 0 && random.chance(0.6);
  const unchanged = isIncremental ? vnodes.filter(() => random.chance(0.6)) : [];
  const written = vnodes.filter((vnode) => !unchanged.includes(vnode));
  const parts = await Promise.all(
    written.map(async (vnode): Promise<PartialReceipt | number> => {
      if (random.chance(byNumber)) return vnode;
      const sent = job.receipts.find((receipt) => receipt.epoch === epoch && receipt.vnode === vnode);
      if (sent !== undefined && random.chance(0.7)) return sent;
      const text = `${process.incarnation.slice(-2)} ${epoch}/${vnode} ${random.below(2)}`;
      const outcome = await process.write(epoch, vnode, text);
      return "value" in outcome && random.chance(0.8) ? outcome.value : vnode;
    }),
  );
  if (parts.length === 0 || random.chance(0.8)) return { epoch, parts, unchanged };
  const attached = await process.attach(epoch, "offsets", `${process.incarnation.slice(-2)} ${epoch}`);
  return { epoch, parts, unchanged, attachments: "value" in attached ? [attached.value] : [] };
}

async function askAgain({ random }: Job, { process, attempts }: Leadership): Promise<void> {
  const [first, ...later] = attempts;
  if (first !== undefined) await process.complete(random.pick([first, first, ...later]));
}

/** Asks again for a sealed epoch with other contents, or by mistake. */
async function askForOthers(job: Job, process: Process, { epoch, parts }: Attempt): Promise<void> {
  const { random } = job;
  const vnode = random.pick(job.vnodes);
  const other = await process.write(epoch, vnode, `other ${process.incarnation.slice(-2)} ${epoch}/${vnode}`);
  const receipt = "value" in other ? other.value : vnode;
  const next = random.chance(0.3) ? epoch + 1 : epoch;
  await process.complete({ epoch: next, parts: [receipt] });
  if (parts.length > 0 && random.chance(0.3)) await process.complete({ epoch, parts });
}

async function prune(job: Job, process: Process, asOperator: boolean): Promise<string> {
  const { random } = job;
  const before = random.chance(0.5) ? job.epoch + random.below(3) : random.below(job.lastEpoch + 2);
  const outcome = await process.prune(before, asOperator);
  return "value" in outcome ? "pruned" : outcome.code;
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
    const outcome = await process.write(epoch, vnode, text, version);
    if ("value" in outcome) job.receipts.push(outcome.value);
  }
}

/** Restores, and looks around. */
export async function reader(job: Job, start: Start): Promise<void> {
  const { random } = job;
  const process = await start({ readOnly: random.chance(0.6) });
  if (process === undefined) return;
  const rounds = 2 + random.below(3);
  for (let round = 0; round < rounds; round++) {
    const epoch = random.below(job.lastEpoch + 1);
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
          random.chance(0.7) ? Math.max(0, job.epoch - 1) : epoch,
          random.pick(job.vnodes),
        );
        break;
      case 5:
        await process.sealedEpochs(random.chance(0.7) ? undefined : epoch);
        break;
      default:
        await process.describe(random.chance(0.5) ? job.epoch : epoch);
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
    const choice = random.below(10);
    if (choice < 7) await prune(job, process, random.chance(0.8));
    else if (choice < 9) await process.abort(random.below(job.epoch + 3));
    else await process.describe(job.epoch);
  }
}
