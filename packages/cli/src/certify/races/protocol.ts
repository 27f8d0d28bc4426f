import { ObjectStoreBackend } from "@state/core";
import { verify } from "@state/core/verify";
import { FolderStore, Reach } from "../folder-store.ts";
import { stateOf, vnodeCapacity } from "../lead.ts";
import type { Led, Released } from "../messages.ts";
import type { Race, RaceContext } from "./race.ts";

const prefix = "protocol/";
/** Each of them is described, and read: those below the floor are gone anyway. */
const mostDescribed = 40;

export const protocolRace: Race = {
  id: "race.protocol",
  title: "several leaders take one job over, seal, prune and abort: one seal an epoch, and none is lost",
  must: "What the protocol promises on a store that keeps the contract.",
  meaning:
    "A job that two processes lead for a while would lose an epoch that was released, have two of one number, or not be able to restore.",
  share: 0.25,
  async run(context) {
    const { crew, findings, forMs } = context;
    const led = await Promise.all(crew.map((worker) => worker.ask({ name: "lead", prefix, forMs })));
    for (const each of led) findings.addAll(each);
    const released = led.flatMap((each) => each.released);
    for (const text of contradictions(released, new Set(led.flatMap(({ aborted }) => aborted))))
      findings.add(text);
    await readBack(context, released);
    const total = (of: (each: Led) => number): number => led.reduce((sum, each) => sum + of(each), 0);
    return {
      takeovers: total((each) => each.takeovers),
      sealed: released.length,
      aborted: total((each) => each.aborted.length),
      prunes: total((each) => each.prunes),
      refused: total((each) => each.refused),
    };
  },
};

/** What cannot be whatever the store holds now: an epoch that two were told is theirs, or that was made void too. */
export function contradictions(
  released: readonly Released[],
  aborted: ReadonlySet<number>,
): readonly string[] {
  const committers = new Map<number, string>();
  const wrong: string[] = [];
  for (const { epoch, instanceId } of released) {
    const other = committers.get(epoch);
    if (other !== undefined)
      wrong.push(`both ${other} and ${instanceId} were told that epoch ${epoch} is theirs`);
    if (aborted.has(epoch))
      wrong.push(`${instanceId} was told that epoch ${epoch} is sealed, and it was made void`);
    committers.set(epoch, instanceId);
  }
  return wrong;
}

/** Compares what the store holds with what the leaders were told. */
async function readBack(
  { store, findings, signal }: RaceContext,
  released: readonly Released[],
): Promise<void> {
  const job = new FolderStore(store, prefix, new Reach());
  await using reader = await ObjectStoreBackend.open({
    store: job,
    instanceId: "certify",
    readOnly: true,
    signal,
  });
  const newest = released.toSorted((a, b) => b.epoch - a.epoch).slice(0, mostDescribed);
  for (const { epoch, instanceId } of newest) {
    const { state, seal } = await reader.describeEpoch(epoch, { signal });
    if (state === "pruned") continue;
    if (state !== "sealed" || seal?.committer !== instanceId) {
      const by = seal === undefined ? "" : ` by ${seal.committer}`;
      findings.add(`${instanceId} was told that epoch ${epoch} is sealed, and it is ${state}${by}`);
      continue;
    }
    for (let vnode = 0; vnode < vnodeCapacity; vnode += 1) {
      const bytes = await reader.readPartial({ epoch, vnode }, { signal });
      if (bytes === undefined || Buffer.compare(bytes, stateOf(epoch, vnode, instanceId)) !== 0)
        findings.add(`vnode ${vnode} of epoch ${epoch} is not what ${instanceId} wrote`);
    }
  }
  for await (const { severity, message } of verify({ store: job, deep: true, signal }))
    if (severity === "damage") findings.add(message);
}
