import type { Job } from "./actors.ts";
import { type Outcome, Process, type Surroundings } from "./process.ts";

/**
 * Whatever has happened, and whoever has crashed: a new leader on a sound network restores, seals the next epoch and
 * prunes, and then nothing is left in the store that no seal names.
 */
export async function epilogue(world: Surroundings, job: Job): Promise<void> {
  const { history } = world;
  const process = new Process(world, "Z", { calm: true });
  const value = <T>(what: string, outcome: Outcome<T>): T => {
    if ("value" in outcome) return outcome.value;
    history.violate("8", `${what} failed at the end with ${outcome.code}`);
    throw new Error(`the epilogue cannot go on: ${what}`);
  };
  value("open", await process.open());
  const version = Math.max(history.fence, job.version) + 1;
  const { base, nextEpoch } = value("takeover", await process.takeover(version));
  if (base !== undefined) {
    await Promise.all(base.vnodes.map(async (vnode) => value("a read", await process.read(base, vnode))));
  }
  const vnodes = new Set([...(base?.vnodes ?? []), ...job.vnodes]);
  const unchanged = base?.vnodes.filter((vnode) => vnode > 0 && hasDigest(base.seal, vnode)) ?? [];
  const written = [...vnodes].filter((vnode) => !unchanged.includes(vnode));
  const parts = await Promise.all(
    written.map(async (vnode) => value("a write", await process.write(nextEpoch, vnode, `last ${vnode}`))),
  );
  const outcome = value("epochComplete", await process.complete({ epoch: nextEpoch, parts, unchanged }));
  if (!outcome.complete) history.violate("8", `epoch ${nextEpoch} is not complete at the end`);
  const sealed = value("sealedEpochs", await process.sealedEpochs(undefined));
  if (sealed.at(-1) !== nextEpoch)
    history.violate("11", `${nextEpoch} is not the last of [${sealed.join(" ")}]`);
  value("pruneBefore", await process.prune(nextEpoch));
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
