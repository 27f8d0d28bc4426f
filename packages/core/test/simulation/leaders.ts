import type { PartialReceipt } from "../../src/receipt.ts";
import type { PartialBytes } from "../../src/state-backend.ts";
import { type Job, prune, type Start } from "./actors.ts";
import type { Attempt, Process } from "./process.ts";

/** Leads, seals, prunes, and begins anew as another incarnation of the same instance. */
export async function leader(job: Job, start: Start): Promise<void> {
  const { random } = job;
  const isFenced = random.chance(0.9);
  for (let life = random.below(3); life < 3; life++) {
    // With a codec nothing is accepted by its listing.
    const acceptListed = random.chance(job.isCoded ? 0.03 : 0.2);
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
    const leading = { process, byNumber: acceptListed ? 0.6 : 0.04, attempts: [] };
    if (isFenced && random.chance(0.35)) epoch = await pipeline(job, leading, epoch);
    await checkpoints(job, leading, epoch);
  }
}

export interface Leadership {
  readonly process: Process;
  /** How likely the leader names a vnode by its number, when another process may have written it. */
  readonly byNumber: number;
  /** What was asked about so far. */
  readonly attempts: Attempt[];
}

export async function checkpoints(job: Job, leading: Leadership, first: number): Promise<void> {
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
    const pruning = random.chance(job.pruning) ? prune(job, process, false) : undefined;
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
    written.map(async (vnode): Promise<PartialReceipt | PartialBytes | number> => {
      if (random.chance(byNumber)) return vnode;
      if (random.chance(0.15)) {
        const given = `${process.incarnation.slice(-2)} gives ${epoch}/${vnode} ${random.below(2)}`;
        return { vnode, bytes: new TextEncoder().encode(given) };
      }
      const sent = job.receipts.find((receipt) => receipt.epoch === epoch && receipt.vnode === vnode);
      if (sent !== undefined && random.chance(0.7)) return sent;
      const text = `${process.incarnation.slice(-2)} ${epoch}/${vnode} ${random.below(2)}`;
      const streams = random.chance(job.streaming);
      const outcome = await (streams ? process.stream(epoch, vnode) : process.write(epoch, vnode, text));
      return "value" in outcome && random.chance(0.8) ? outcome.value : vnode;
    }),
  );
  const base = random.chance(0.3) ? process.beliefs.newest : undefined;
  const next = random.chance(0.1) ? { next: random.pick<number | false>([false, epoch + 1, epoch + 2]) } : {};
  const attempt = {
    epoch,
    parts,
    unchanged,
    ...next,
    ...(base === undefined || base < 0 || base >= epoch ? {} : { base }),
  };
  if (parts.length === 0 || random.chance(0.8)) return attempt;
  const attached = await process.attach(epoch, "offsets", `${process.incarnation.slice(-2)} ${epoch}`);
  return { ...attempt, attachments: "value" in attached ? [attached.value] : [] };
}

/**
 * Several epochs at once, each asked for before it is known what became of the one before, and beside them whatever else
 * a backend can be asked. @returns the epoch to go on with
 */
async function pipeline(job: Job, leading: Leadership, first: number): Promise<number> {
  const { random } = job;
  const { process } = leading;
  const running: Promise<unknown>[] = [];
  const next = first + 2 + random.below(2);
  job.epoch = Math.max(job.epoch, next - 1);
  for (let epoch = first; epoch < next; epoch++) {
    running.push(checkpoint(job, leading, epoch));
    if (random.chance(0.5)) await process.turn();
    if (!random.chance(0.45)) continue;
    job.traits.add("calls beside each other");
    running.push(askBeside(job, process, epoch));
  }
  await Promise.all(running);
  return next;
}

async function askBeside(job: Job, process: Process, epoch: number): Promise<unknown> {
  const { random } = job;
  for (let turns = random.below(6); turns > 0; turns--) await process.turn();
  switch (random.below(8)) {
    case 0:
    case 1:
      job.version += 1;
      return process.takeover(job.version);
    case 2:
      return process.abort(epoch);
    case 3:
      return prune(job, process, false);
    case 4: {
      const found = await process.latest();
      if (!("value" in found) || found.value === undefined) return found;
      return process.read(found.value, random.pick(job.vnodes));
    }
    case 5:
      return process.describe(epoch);
    case 6:
      return process.sealedEpochs(undefined);
    default:
      return process.readPartial(epoch, random.pick(job.vnodes));
  }
}

/** A job that dies before each seal, over and over, until it does not. */
export async function crashLoop(job: Job, start: Start): Promise<void> {
  const { random } = job;
  const deaths = 3 + random.below(20);
  for (let life = 0; life <= deaths; life++) {
    const process = await start();
    if (process === undefined) continue;
    const where = random.chance(0.85) ? /^create epoch=\d+\/_COMMIT/ : /^create epoch=\d+\/vnode/;
    const death = life === deaths ? undefined : process.dieBefore(where);
    const living = takeOverAndSeal(job, process);
    await (death === undefined ? living : Promise.race([living, death]));
  }
}

async function takeOverAndSeal(job: Job, process: Process): Promise<void> {
  const { random } = job;
  job.version += 1;
  const claimed = await process.takeover(job.version);
  if (!("value" in claimed)) return;
  const { nextEpoch } = claimed.value;
  job.epoch = Math.max(job.epoch, nextEpoch);
  await checkpoint(job, { process, byNumber: 0, attempts: [] }, nextEpoch);
  if (random.chance(0.5)) await prune(job, process, false);
}

async function askAgain({ random }: Job, { process, attempts }: Leadership): Promise<void> {
  const [first, ...later] = attempts;
  if (first !== undefined) await process.complete(random.pick([first, first, ...later]));
}

/** Asks again for a sealed epoch with other contents, or by mistake. */
async function askForOthers(job: Job, process: Process, { epoch, parts }: Attempt): Promise<void> {
  const { random } = job;
  const vnode = random.pick(job.vnodes);
  // The others are forgotten.
  if (random.chance(0.2)) await process.complete({ epoch: epoch + 1, parts: [vnode] });
  const other = await process.write(epoch, vnode, `other ${process.incarnation.slice(-2)} ${epoch}/${vnode}`);
  const receipt = "value" in other ? other.value : vnode;
  const next = random.chance(0.3) ? epoch + 1 : epoch;
  await process.complete({ epoch: next, parts: [receipt] });
  if (parts.length > 0 && random.chance(0.3)) await process.complete({ epoch, parts });
}
