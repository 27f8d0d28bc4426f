import { readCommit, sealOf } from "../commit.ts";
import { parseEpochObject } from "../layout.ts";
import type { Namespace } from "../namespace.ts";
import type { Commit } from "../seal.ts";
import type { EpochDescription } from "../state-backend.ts";

export async function describeEpoch(
  namespace: Namespace,
  epoch: number,
  signal: AbortSignal | undefined,
): Promise<EpochDescription> {
  const commit = await readCommit(namespace, epoch, signal);
  const seal = commit === undefined ? undefined : await sealOf(namespace, epoch, commit, signal);
  // Listed after the seal was read: whatever it names was there before it.
  const missing = new Set([...(seal?.partials ?? []), ...(seal?.attachments ?? [])].map(({ key }) => key));
  const elsewhere = new Set<number>();
  for (const key of missing) elsewhere.add(parseEpochObject(key)?.epoch ?? epoch);
  elsewhere.delete(epoch);

  let objects = 0;
  let bytes = 0;
  for await (const { key, size } of namespace.listEpoch(epoch, signal)) {
    objects += 1;
    bytes += size;
    missing.delete(key);
  }
  await namespace.map([...elsewhere], async (lower) => {
    for await (const { key } of namespace.listEpoch(lower, signal)) missing.delete(key);
  });

  const { floor } = await namespace.readControl(signal);
  return {
    epoch,
    // rule: described-as-pruned-below-the-floor
    state: floor > epoch ? "pruned" : stateOf(commit, objects),
    ...(seal === undefined ? {} : { seal }),
    ...(commit?.kind === "void" ? { void: { by: commit.by, incarnation: commit.incarnation } } : {}),
    objects,
    bytes,
    missing: [...missing],
  };
}

function stateOf(commit: Commit | undefined, objects: number): EpochDescription["state"] {
  if (commit === undefined) return objects > 0 ? "open" : "absent";
  return commit.kind === "void" ? "void" : "sealed";
}
