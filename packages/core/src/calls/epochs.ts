import { commitsOf, decisionOf } from "../commit.ts";
import { outcomeOf } from "../concurrency.ts";
import { isStateError } from "../errors.ts";
import type { Namespace } from "../namespace.ts";
import type { Commit } from "../seal.ts";
import type { EpochState } from "../state-backend.ts";

/** Every epoch at or above the floor, ascending, each as it was when it was looked at: one that cannot be read hides no other. */
export async function* epochStates(
  namespace: Namespace,
  signal: AbortSignal | undefined,
): AsyncGenerator<EpochState, void, undefined> {
  const epochs = await namespace.listEpochs(signal);
  for (let start = 0; start < epochs.length; start += batchSize) {
    const batch: EpochState[] = [];
    for await (const { epoch, commit } of commitsOf(
      namespace,
      epochs.slice(start, start + batchSize),
      signal,
    ))
      batch.push({ epoch, ...(await stateOf(namespace, epoch, commit, signal)) });
    // Listed after the reading: below the floor a seal may be a stray.
    const { floor } = await namespace.readControl(signal);
    // rule: epochs-are-at-or-above-the-floor
    yield* batch.filter(({ epoch }) => epoch >= floor);
  }
}

/** How many epochs one look at control is for. */
const batchSize = 64;

async function stateOf(
  namespace: Namespace,
  epoch: number,
  commit: PromiseSettledResult<Commit | undefined>,
  signal: AbortSignal | undefined,
): Promise<Omit<EpochState, "epoch">> {
  const decision =
    commit.status === "fulfilled" && commit.value !== undefined
      ? await outcomeOf(decisionOf(namespace, epoch, commit.value, signal))
      : commit;
  if (decision.status === "fulfilled") return { state: states[decision.value?.kind ?? "absent"] };
  // rule: unreadable-epoch-hides-no-other
  if (!isStateError(decision.reason)) throw decision.reason;
  return { state: "unreadable", error: decision.reason };
}

const states = {
  seal: "sealed",
  void: "void",
  "given-up": "given-up",
  absent: "open",
  "plain-text": "sealed",
} as const;
