/** What an operator decides when an object that the protocol goes by is damaged or lost. */
import { commitsOf, type Decision, decisionOf, interpret, readCommitBody, sealOf } from "../commit.ts";
import { outcomeOf } from "../concurrency.ts";
import { checkNotPruned } from "../control.ts";
import { ensurePresent, notCreated } from "../create-or-read-back.ts";
import { isStateError, StateError, type StateErrorCode } from "../errors.ts";
import { commitKey, givenUpKey, namespaceKey } from "../layout.ts";
import type { Leadership } from "../leadership.ts";
import type { Namespace } from "../namespace.ts";
import { encodeJson } from "../json.ts";
import { type Commit, type Seal } from "../seal.ts";
import { sha256Hex } from "../sha256.ts";
import type { GivenUpEpoch, RecoveredNamespace } from "../state-backend.ts";
import { checkHighest, claimFence } from "./claim-fence.ts";
import { checkNamespace, hasControls, nothingThere, probe } from "./open.ts";

/**
 * Gives up an epoch whose `_COMMIT` cannot be read: whoever meets exactly these bytes reads them as a void from now on.
 * The fence comes first: a leader that made the seal, and goes on from it in memory, is deposed by it.
 */
export async function giveUp(
  namespace: Namespace,
  leadership: Leadership,
  { epoch, version }: { readonly epoch: number; readonly version: number },
  signal: AbortSignal | undefined,
): Promise<GivenUpEpoch> {
  const { client } = namespace;
  const { body, fault } = await readDamage(namespace, epoch, signal);
  const sha256 = await sha256Hex(new Uint8Array(body));
  const given = { epoch, key: commitKey(epoch), size: body.length, sha256, sealed: "unknown" } as const;
  // rule: nothing-is-given-up-below-the-floor
  checkNotPruned(epoch, await namespace.readControl(signal));
  // rule: given-up-twice-deposes-nobody
  if (fault === undefined) return { ...given, fault: "it was given up before" };
  // rule: give-up-claims-a-fence
  await lead(namespace, leadership, version, signal);

  const key = givenUpKey(epoch, sha256);
  const { instanceId, incarnation } = leadership;
  const record = encodeJson({ format: 1, epoch, sha256, version, instanceId, incarnation, at: Date.now() });
  const created = await ensurePresent(client, key, record, client.operation(signal));
  if (created.outcome !== "present") {
    const message = `whether ${commitKey(epoch)} is given up is not known`;
    throw notCreated(created, message, { epoch, key, next: "Ask again with a higher version" });
  }
  namespace.report("given-up", { epoch, version });
  return { ...given, fault };
}

async function lead(
  namespace: Namespace,
  leadership: Leadership,
  version: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  await claimFence(namespace, leadership, version, signal);
  checkHighest(version, await namespace.readControl(signal));
}

/**
 * `fault` is `undefined` if it was given up before.
 *
 * @throws `EpochSealed`, `NotSealed`: what can be read decides the epoch, and is not given up
 */
async function readDamage(
  namespace: Namespace,
  epoch: number,
  signal: AbortSignal | undefined,
): Promise<{ readonly body: Uint8Array; readonly fault: string | undefined }> {
  const body = await readCommitBody(namespace, epoch, signal);
  if (body === undefined) throw await notDamaged(namespace, epoch, undefined, signal);
  const decision = await outcomeOf(decide(namespace, epoch, body, signal));
  if (decision.status === "rejected") {
    const { reason } = decision;
    if (!isStateError(reason) || reason.code !== "Corrupt") throw reason;
    return { body, fault: reason.message };
  }
  // rule: only-what-cannot-be-read-is-given-up
  if (decision.value.kind !== "given-up") throw await notDamaged(namespace, epoch, decision.value, signal);
  return { body, fault: undefined };
}

async function decide(
  namespace: Namespace,
  epoch: number,
  body: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<Decision> {
  return decisionOf(namespace, epoch, await interpret(namespace, epoch, body, signal), signal);
}

async function notDamaged(
  namespace: Namespace,
  epoch: number,
  decision: Decision | undefined,
  signal: AbortSignal | undefined,
): Promise<StateError> {
  const key = commitKey(epoch);
  checkNotPruned(epoch, await namespace.readControl(signal));
  if (decision?.kind === "seal") {
    const message = `epoch ${epoch} cannot be given up: its seal can be read`;
    return new StateError("EpochSealed", message, { sealed: "yes", epoch, key, seal: decision.seal });
  }
  const state = decision === undefined ? "it has no _COMMIT" : "it is void";
  return new StateError("NotSealed", `epoch ${epoch} cannot be given up: ${state}`, {
    sealed: "unknown",
    epoch,
    key,
  });
}

const damageCodes: ReadonlySet<StateErrorCode> = new Set(["Corrupt", "EpochPruned"]);

/** Writes `_control/namespace` anew, if it was lost. */
export async function recoverNamespace(
  namespace: Namespace,
  signal: AbortSignal | undefined,
): Promise<RecoveredNamespace> {
  const { client, vnodeCapacity } = namespace;
  const [found, epochs] = await namespace.concurrently(
    () => client.get(namespaceKey, client.operation(signal)),
    () => namespace.listEpochs(signal),
  );
  if (found !== undefined) {
    checkNamespace(found, vnodeCapacity);
    namespace.isKnown = true;
  } else if (epochs.length === 0 && !hasControls(await namespace.readControl(signal))) throw nothingThere();
  namespace.hasPlainText = await beginsWithPlainText(namespace, epochs, signal);
  let newest: Seal | undefined;
  for await (const { epoch, commit } of commitsOf(namespace, epochs.toReversed(), signal)) {
    newest = await sealUnlessDamaged(namespace, epoch, commit, signal);
    if (newest !== undefined) break;
  }
  await probe(namespace, client.operation(signal));
  return { vnodeCapacity, newest: newest?.epoch };
}

/** LaminarDB's epochs stand below ours. */
async function beginsWithPlainText(
  namespace: Namespace,
  ascending: readonly number[],
  signal: AbortSignal | undefined,
): Promise<boolean> {
  for await (const { commit } of commitsOf(namespace, ascending, signal)) {
    if (commit.status === "fulfilled" && commit.value !== undefined)
      return commit.value.kind === "plain-text";
  }
  return false;
}

/** Damage says nothing of the capacity, and is met where it is asked for. */
async function sealUnlessDamaged(
  namespace: Namespace,
  epoch: number,
  commit: PromiseSettledResult<Commit | undefined>,
  signal: AbortSignal | undefined,
): Promise<Seal | undefined> {
  try {
    if (commit.status === "rejected") throw commit.reason;
    return commit.value === undefined ? undefined : await sealOf(namespace, epoch, commit.value, signal);
  } catch (error) {
    // rule: recovered-capacity-covers-the-newest-seal
    if (isStateError(error) && damageCodes.has(error.code)) return undefined;
    throw error;
  }
}
