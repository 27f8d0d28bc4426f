import { readCommit, sealOf } from "../commit.ts";
import type { Incarnation } from "../incarnation.ts";
import { parseEpochObject } from "../layout.ts";
import type { EpochDescription } from "../state-backend.ts";

export async function describeEpoch(
  self: Incarnation,
  epoch: number,
  signal: AbortSignal | undefined,
): Promise<EpochDescription> {
  const commit = await readCommit(self, epoch, self.client.operation(signal));
  const seal = commit === undefined ? undefined : await sealOf(self, epoch, commit, signal);
  // Listed after the seal was read: whatever it names was there before it.
  const missing = new Set([...(seal?.partials ?? []), ...(seal?.attachments ?? [])].map(({ key }) => key));
  const elsewhere = new Set<number>();
  for (const key of missing) elsewhere.add(parseEpochObject(key)?.epoch ?? epoch);
  elsewhere.delete(epoch);

  let objects = 0;
  let bytes = 0;
  for await (const { key, size } of self.listEpoch(epoch, signal)) {
    objects += 1;
    bytes += size;
    missing.delete(key);
  }
  await self.map([...elsewhere], async (lower) => {
    for await (const { key } of self.listEpoch(lower, signal)) missing.delete(key);
  });

  const { floor } = await self.readControl(signal);
  const state =
    floor > epoch
      ? "pruned"
      : commit === undefined
        ? objects > 0
          ? "open"
          : "absent"
        : commit.kind === "void"
          ? "void"
          : "sealed";
  return {
    epoch,
    state,
    ...(seal === undefined ? {} : { seal }),
    ...(commit?.kind === "void" ? { void: { by: commit.by, incarnation: commit.incarnation } } : {}),
    objects,
    bytes,
    missing: [...missing],
  };
}
