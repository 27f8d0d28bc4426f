import { commitsOf, damagedPlainTexts } from "../commit.ts";
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
  let lowestSeal = Infinity;
  for (let start = 0; start < epochs.length; start += batchSize) {
    const batch: EpochState[] = [];
    const commits = commitsOf(namespace, epochs.slice(start, start + batchSize), signal);
    for await (const { epoch, commit } of commits) {
      if (commit.status === "fulfilled" && commit.value?.kind === "seal")
        lowestSeal = Math.min(lowestSeal, epoch);
      batch.push({ epoch, ...(await stateOf(namespace, epoch, commit, lowestSeal, signal)) });
    }
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
  lowestSeal: number,
  signal: AbortSignal | undefined,
): Promise<Omit<EpochState, "epoch">> {
  const kind =
    commit.status === "fulfilled"
      ? await outcomeOf(kindOf(namespace, epoch, commit.value, lowestSeal, signal))
      : commit;
  if (kind.status === "fulfilled") return { state: states[kind.value] };
  // rule: unreadable-epoch-hides-no-other
  if (!isStateError(kind.reason)) throw kind.reason;
  return { state: "unreadable", error: kind.reason };
}

async function kindOf(
  namespace: Namespace,
  epoch: number,
  commit: Commit | undefined,
  lowestSeal: number,
  signal: AbortSignal | undefined,
): Promise<keyof typeof states> {
  if (commit?.kind !== "plain-text") return commit?.kind ?? "absent";
  const plainText = new Map([[epoch, commit]]);
  // rule: shown-plain-text-stands-below-every-seal
  const damaged = await damagedPlainTexts(namespace, plainText, signal, lowestSeal);
  return damaged.length > 0 ? "given-up" : "seal";
}

const states = {
  seal: "sealed",
  void: "void",
  "given-up": "given-up",
  absent: "open",
} as const;
