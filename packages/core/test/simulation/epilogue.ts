import type { PartialReceipt } from "../../src/receipt.ts";
import { parsePin } from "../support/told-pins.ts";
import type { Job } from "./actors.ts";
import { requestsUntilSealed } from "./costs.ts";
import { type Outcome, Process } from "./process.ts";
import type { Surroundings } from "./surroundings.ts";

/** Each of its lives may fail only because of what somebody else decided, and the others come to their end. */
const maxLives = 30;

/** The first one, those of one and a half times the patience, of which they take a quarter, and one that ends it. */
const looksOfOneWait = 1 + 6 + 1;

/**
 * Whatever has happened, and whoever has crashed or still acts: once no request fails any more, a new leader restores,
 * seals the next epoch and prunes, within a bounded number of requests.
 */
export async function epilogue(world: Surroundings, job: Job): Promise<void> {
  const { history } = world;
  for (let life = 1; life <= maxLives; life++) {
    const decidedBefore = history.decidedByOthers("");
    const process = new Process(world, "Z", { calm: true });
    const outcome = await restoreAndSeal(world, job, process);
    // Two processes may claim one version at the same time, an operator may abort the epoch, and so on.
    const meanwhile = history.decidedByOthers(process.incarnation) - decidedBefore;
    const what = typeof outcome === "string" ? outcome : `epoch ${outcome} was sealed`;
    const most = requestsUntilSealed(history, job.vnodes.length) * (1 + meanwhile);
    if (job.standing !== undefined) {
      // Each decision of somebody else may be a sign of life, and begin the wait anew.
      const mostLooks = looksOfOneWait * (1 + meanwhile);
      if (process.looks > mostLooks)
        history.violate("liveness", `${what}: that took ${process.looks} looks, not ${mostLooks}`);
    } else if (process.requests > most)
      history.violate("liveness", `${what}: that took ${process.requests} requests, not ${most}`);
    if (typeof outcome === "number") return lookAndPrune(world, process, outcome);
    if (meanwhile === 0) return history.violate("liveness", `${outcome}, and nobody else decided anything`);
  }
  history.violate("liveness", `nothing was sealed in ${maxLives} lives`);
}

/** @returns the epoch that it sealed, or what failed */
async function restoreAndSeal(world: Surroundings, job: Job, process: Process): Promise<number | string> {
  const opened = await process.open();
  if (!("value" in opened)) return failed("open", opened);
  // Nobody stops it: that it takes over by itself is what is asked.
  const taken = await (job.standing === undefined
    ? process.takeover(Math.max(world.history.fence, job.version) + 1)
    : process.standby(job.standing.patienceMs, new AbortController().signal));
  if (!("value" in taken)) return failed("takeover", taken);
  const { base, nextEpoch } = taken.value;
  for (const vnode of base?.vnodes ?? []) {
    const read = base === undefined ? undefined : await process.read(base, vnode);
    if (read !== undefined && !("value" in read)) return failed("a read", read);
  }
  const vnodes = new Set([...(base?.vnodes ?? []), ...job.vnodes]);
  const unchanged = base?.vnodes.filter((vnode) => vnode > 0 && hasDigest(base.seal, vnode)) ?? [];
  const parts: PartialReceipt[] = [];
  for (const vnode of [...vnodes].filter((other) => !unchanged.includes(other))) {
    const written = await process.write(nextEpoch, vnode, `last ${vnode}`);
    if (!("value" in written)) return failed("a write", written);
    parts.push(written.value);
  }
  const completed = await process.complete({ epoch: nextEpoch, parts, unchanged });
  if (!("value" in completed)) return failed("epochComplete", completed);
  return completed.value.complete ? nextEpoch : `epoch ${nextEpoch} is not complete at the end`;
}

async function lookAndPrune({ history }: Surroundings, process: Process, epoch: number): Promise<void> {
  const sealed = await process.sealedEpochs(undefined);
  if (!("value" in sealed)) return history.violate("8", failed("sealedEpochs", sealed));
  if ((sealed.value.at(-1) ?? -1) < epoch)
    history.violate("11", `${epoch} is not among [${sealed.value.join(" ")}]`);
  const pruned = await process.prune(epoch);
  // Whoever claimed a higher version meanwhile prunes in its place.
  if (!("value" in pruned) && history.fence === process.version)
    history.violate("8", failed("pruneBefore", pruned));
}

function failed(what: string, outcome: Outcome<unknown>): string {
  return `${what} failed at the end${"code" in outcome ? ` with ${outcome.code}` : ""}`;
}

/** After the last prune only the newest epoch is left, and what its seal names. */
export async function tidyUp(world: Surroundings): Promise<void> {
  const { history, server } = world;
  const process = new Process(world, "Y", { calm: true });
  await process.open();
  for (const key of server.objects.keys()) {
    const pin = parsePin(key);
    if (pin !== undefined) await process.unpin(pin.epoch, pin.name);
  }
  await process.prune(history.newest, true);
  const kept = new Set(history.seals.get(history.newest)?.entries.map(({ key }) => key));
  for (const key of server.objects.keys()) {
    const epoch = /^epoch=(\d+)\/(?:_COMMIT|_ANCHOR|vnode=|attachment\/)/.exec(key)?.[1];
    if (epoch !== undefined && Number(epoch) < history.newest && !kept.has(key))
      history.violate("8", `${key} is left after the last prune`);
  }
}

function hasDigest(
  seal: { partials: readonly { vnode: number; sha256?: string | undefined }[] },
  vnode: number,
): boolean {
  return seal.partials.some((entry) => entry.vnode === vnode && entry.sha256 !== undefined);
}
