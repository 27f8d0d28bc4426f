import { type Decision, decisionOf, readCommit } from "../commit.ts";
import { isPinned } from "../control.ts";
import { isStateError, type StateError } from "../errors.ts";
import { epochOf } from "../layout.ts";
import type { Namespace } from "../namespace.ts";
import { keysOf } from "../seal.ts";
import type { ControlDescription, EpochDescription, VoidMark } from "../state-backend.ts";

export async function describeEpoch(
  namespace: Namespace,
  epoch: number,
  signal: AbortSignal | undefined,
): Promise<EpochDescription> {
  const { decision, error } = await readDecision(namespace, epoch, signal);
  const seal = decision?.kind === "seal" ? decision.seal : undefined;
  // Listed after the seal was read: whatever it names was there before it.
  const missing = new Set(seal === undefined ? [] : keysOf(seal));
  const elsewhere = new Set<number>();
  for (const key of missing) elsewhere.add(epochOf(key));
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

  const control = await namespace.readControl(signal);
  const below = seal !== undefined && isPinned(epoch, control) ? "pinned" : "pruned";
  // rule: described-as-pruned-below-the-floor
  const state = control.floor > epoch ? below : stateOf(decision, error, objects);
  return {
    epoch,
    state,
    ...(seal === undefined ? {} : { seal }),
    ...(decision?.kind === "void" ? { void: markOf(decision) } : {}),
    ...(error === undefined ? {} : { error }),
    objects,
    bytes,
    // A prune that came after the seal was read has deleted what it named.
    missing: state === "pruned" ? [] : [...missing],
  };
}

export async function describeControl(
  namespace: Namespace,
  signal: AbortSignal | undefined,
): Promise<ControlDescription> {
  const { fence, floor, givenUp, pins } = await namespace.readControl(signal);
  return {
    fence,
    floor,
    vnodeCapacity: namespace.isKnown ? namespace.vnodeCapacity : undefined,
    givenUp: [...new Set(givenUp.values())].toSorted((a, b) => a - b),
    pins: pins.map(({ epoch, name }) => ({ epoch, name })),
  };
}

async function readDecision(
  namespace: Namespace,
  epoch: number,
  signal: AbortSignal | undefined,
): Promise<{ readonly decision?: Decision; readonly error?: StateError }> {
  try {
    const commit = await readCommit(namespace, epoch, signal);
    return commit === undefined ? {} : { decision: await decisionOf(namespace, epoch, commit, signal) };
  } catch (error) {
    if (!isStateError(error)) throw error;
    return { error };
  }
}

function stateOf(
  decision: Decision | undefined,
  error: StateError | undefined,
  objects: number,
): EpochDescription["state"] {
  if (error !== undefined) return "unreadable";
  if (decision === undefined) return objects > 0 ? "open" : "absent";
  return decision.kind === "seal" ? "sealed" : decision.kind;
}

function markOf({ by, incarnation, at }: Decision & { readonly kind: "void" }): VoidMark {
  return { by, incarnation, ...(at === undefined ? {} : { at }) };
}
