import type { PartialReceipt } from "../../src/receipt.ts";
import type { Job } from "./actors.ts";
import { requestsUntilSealed } from "./costs.ts";
import { type Outcome, Process, type Surroundings } from "./process.ts";

/** Each of its lives may fail only because of what somebody else decided, and the others come to their end. */
const maxLives = 30;

/**
 * Whatever has happened, and whoever has crashed or still acts: once no request fails any more, a new leader restores,
 * seals the next epoch and prunes, within a bounded number of requests.
 */
export async function epilogue(world: Surroundings, job: Job): Promise<void> {
  const { history } = world;
  for (let life = 1; life <= maxLives; life++) {
    const others = history.decidedByOthers("");
    const process = new Process(world, "Z", { calm: true });
    const failure = await lead(world, job, process);
    if (failure === undefined) return;
    // Two processes may claim one version at the same time, an operator may abort the epoch, and so on.
    const meanwhile = history.decidedByOthers(process.incarnation) - others;
    if (meanwhile === 0) return history.violate("liveness", `${failure}, and nobody else decided anything`);
  }
  history.violate("liveness", `nothing was sealed in ${maxLives} lives`);
}

/** One life of the last leader. @returns what failed */
async function lead(world: Surroundings, job: Job, process: Process): Promise<string | undefined> {
  const { history } = world;
  const failed: string[] = [];
  const value = <T>(what: string, outcome: Outcome<T>): T | undefined => {
    if ("value" in outcome) return outcome.value;
    failed.push(`${what} failed at the end with ${outcome.code}`);
    return undefined;
  };
  value("open", await process.open());
  if (failed.length > 0) return failed[0];
  const claimed = value("takeover", await process.takeover(Math.max(history.fence, job.version) + 1));
  if (claimed === undefined) return failed[0];
  const { base, nextEpoch } = claimed;
  if (base !== undefined)
    await Promise.all(base.vnodes.map(async (vnode) => value("a read", await process.read(base, vnode))));
  const vnodes = new Set([...(base?.vnodes ?? []), ...job.vnodes]);
  const unchanged = base?.vnodes.filter((vnode) => vnode > 0 && hasDigest(base.seal, vnode)) ?? [];
  const written = [...vnodes].filter((vnode) => !unchanged.includes(vnode));
  const parts: PartialReceipt[] = [];
  for (const vnode of written) {
    const receipt = value("a write", await process.write(nextEpoch, vnode, `last ${vnode}`));
    if (receipt !== undefined) parts.push(receipt);
  }
  if (failed.length > 0) return failed[0];
  const outcome = value("epochComplete", await process.complete({ epoch: nextEpoch, parts, unchanged }));
  if (outcome === undefined) return failed[0];
  if (!outcome.complete) return `epoch ${nextEpoch} is not complete at the end`;
  const most = requestsUntilSealed(history, vnodes.size);
  if (process.requests > most)
    history.violate("liveness", `it took ${process.requests} requests to seal ${nextEpoch}, not ${most}`);
  const sealed = value("sealedEpochs", await process.sealedEpochs(undefined)) ?? [];
  if ((sealed.at(-1) ?? -1) < nextEpoch)
    history.violate("11", `${nextEpoch} is not among [${sealed.join(" ")}]`);
  // Whoever claimed a higher version meanwhile prunes in its place.
  value("pruneBefore", await process.prune(nextEpoch));
  return failed.length > 0 && history.fence === process.version ? failed[0] : undefined;
}

/** After the last prune only the newest epoch is left, and what its seal names. */
export async function tidyUp(world: Surroundings): Promise<void> {
  const { history, server } = world;
  const process = new Process(world, "Y", { calm: true });
  await process.open();
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
