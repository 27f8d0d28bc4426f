/** An epoch's `_COMMIT`, read from the store and written to it. */
import { createOrReadBack, type NotCreated } from "./create-or-read-back.ts";
import { outcomeOf } from "./concurrency.ts";
import { checkReadable, type Control } from "./control.ts";
import { isStateError, StateError } from "./errors.ts";
import { commitKey, givenUpKey, parseEpochObject } from "./layout.ts";
import type { Leadership } from "./leadership.ts";
import type { Namespace } from "./namespace.ts";
import { type Commit, decodeCommit, encodeVoid, frozen, type PlainText, type Seal } from "./seal.ts";
import { pastDamage } from "./next-steps.ts";
import { AttemptTimeout } from "./retry.ts";
import { sha256Hex } from "./sha256.ts";

/** What an epoch's `_COMMIT` decides, once plain text was told from damage. */
export type Decision = Exclude<Commit, { readonly kind: "plain-text" }>;

/** What an epoch's `_COMMIT` says, or `undefined` when there is none. @throws `Corrupt`, `UnknownFormat` */
export async function readCommit(
  namespace: Namespace,
  epoch: number,
  signal: AbortSignal | undefined,
): Promise<Commit | undefined> {
  const body = await readCommitBody(namespace, epoch, signal);
  return body === undefined ? undefined : interpret(namespace, epoch, body, signal);
}

export async function readCommitBody(
  namespace: Namespace,
  epoch: number,
  signal: AbortSignal | undefined,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const { client, expectedCommitBytes } = namespace;
  const key = commitKey(epoch);
  try {
    // rule: seals-are-read-with-time-for-their-size
    const operation = client.operation(signal, expectedCommitBytes);
    // rule: commit-read-by-its-whole-key
    return await client.get(key, operation);
  } catch (error) {
    if (!(error instanceof AttemptTimeout)) throw error;
    const bytes = (await listedSize(namespace, epoch, signal)) * namespace.concurrency;
    if (bytes <= expectedCommitBytes) throw error;
    // rule: seals-of-many-chunks-are-read-with-time-for-their-size
    return client.get(key, client.operation(signal, bytes));
  }
}

/** How large the epoch's `_COMMIT` is. What a seal names in chunks may be more than its vnodes let expect. */
async function listedSize(
  namespace: Namespace,
  epoch: number,
  signal: AbortSignal | undefined,
): Promise<number> {
  const key = commitKey(epoch);
  for await (const object of namespace.listEpoch(epoch, signal)) {
    if (object.key === key) return object.size;
    if (object.key > key) break;
  }
  return 0;
}

/** What may be a seal, without its inventory: many of them are held at once. @throws as `readCommit` */
export async function readPossibleSeal(
  namespace: Namespace,
  epoch: number,
  signal: AbortSignal | undefined,
): Promise<"seal" | PlainText | undefined> {
  const commit = await readCommit(namespace, epoch, signal);
  if (commit?.kind === "plain-text") return commit;
  return commit?.kind === "seal" ? "seal" : undefined;
}

/** How many `_COMMIT`s are read at once by whoever looks for one: unsealed epochs on top are few. */
const batchSize = 8;

/** The epochs' `_COMMIT`s in the order given. One that cannot be read is for the caller to judge. */
export async function* commitsOf(
  namespace: Namespace,
  epochs: readonly number[],
  signal: AbortSignal | undefined,
): AsyncGenerator<{ readonly epoch: number; readonly commit: PromiseSettledResult<Commit | undefined> }> {
  for (let start = 0; start < epochs.length; start += batchSize) {
    const batch = epochs.slice(start, start + batchSize);
    yield* await namespace.map(batch, async (epoch) => ({
      epoch,
      commit: await outcomeOf(readCommit(namespace, epoch, signal)),
    }));
  }
}

/**
 * What the bytes of a `_COMMIT` say. If they are damaged, control is listed: below the floor nothing is left to be known,
 * and the epoch is void if exactly these bytes were given up. A store that gives other bytes to others gets no second
 * truth.
 *
 * @throws `Corrupt`, `UnknownFormat`, `CapacityMismatch`, `EpochPruned`
 */
export async function interpret(
  namespace: Namespace,
  epoch: number,
  body: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<Commit> {
  try {
    const commit = decodeCommit(body, epoch);
    // rule: plain-text-only-where-laminardb-was
    if (commit.kind === "plain-text" && !namespace.hasPlainText) throw plainTextDamage(epoch);
    if (commit.kind === "seal") namespace.checkCapacity(commit.seal);
    return commit;
  } catch (error) {
    if (!isStateError(error) || error.code !== "Corrupt") throw error;
    const control = await namespace.readControl(signal);
    // rule: damage-below-the-floor-is-pruned
    checkReadable(epoch, control, true);
    // rule: only-the-bytes-that-were-given-up-are-void
    if (!(await isGivenUp(control, epoch, body))) throw error;
    return { kind: "given-up" };
  }
}

function plainTextDamage(epoch: number): StateError {
  const key = commitKey(epoch);
  const message = `${key} is plain text, and the namespace did not begin as one of LaminarDB's`;
  return new StateError("Corrupt", message, { sealed: "unknown", epoch, key, next: pastDamage });
}

async function isGivenUp({ givenUp }: Control, epoch: number, body: Uint8Array): Promise<boolean> {
  return givenUp.has(givenUpKey(epoch, await sha256Hex(new Uint8Array(body))));
}

/** Tells plain text that is LaminarDB's seal from plain text that is damage. @throws as `interpret` */
export async function decisionOf(
  namespace: Namespace,
  epoch: number,
  commit: Commit,
  signal: AbortSignal | undefined,
): Promise<Decision> {
  if (commit.kind !== "plain-text") return commit;
  const damaged = await damagedPlainTexts(namespace, new Map([[epoch, commit]]), signal);
  if (damaged.length > 0) return { kind: "given-up" };
  const seal = await plainTextSeal(namespace, epoch, commit.committer, signal);
  namespace.checkCapacity(seal);
  return { kind: "seal", seal };
}

/**
 * Of plain texts those that are damage and were given up. The mark comes first: the seals that showed that it was damage
 * may have been pruned since. Of the others the highest is enough: if no seal stands below it, none stands below them.
 *
 * @param lowestSeal no seal of this library's form stands below it: plain text below it is LaminarDB's
 * @throws `Corrupt` for one that is damage and was not given up
 */
export async function damagedPlainTexts(
  namespace: Namespace,
  plainTexts: ReadonlyMap<number, PlainText>,
  signal: AbortSignal | undefined,
  lowestSeal = -1,
): Promise<readonly number[]> {
  if (plainTexts.size === 0) return [];
  const control = await namespace.readControl(signal);
  const damaged: number[] = [];
  let highest = -1;
  for (const [epoch, { body }] of plainTexts) {
    // rule: given-up-plain-text-stays-given-up
    if (await isGivenUp(control, epoch, body)) damaged.push(epoch);
    else highest = Math.max(highest, epoch);
  }
  if (highest > lowestSeal) await checkPlainText(namespace, highest, signal);
  return damaged;
}

/** The seal that a commit stands for, or `undefined` for a void. */
export async function sealOf(
  namespace: Namespace,
  epoch: number,
  commit: Commit,
  signal: AbortSignal | undefined,
): Promise<Seal | undefined> {
  const decision = await decisionOf(namespace, epoch, commit, signal);
  return decision.kind === "seal" ? decision.seal : undefined;
}

/** An epoch's seal, or `undefined` if it has none. @throws `Corrupt`, `UnknownFormat`, `CapacityMismatch`, `EpochPruned` */
export async function readSeal(
  namespace: Namespace,
  epoch: number,
  signal: AbortSignal | undefined,
): Promise<Seal | undefined> {
  const commit = await readCommit(namespace, epoch, signal);
  return commit === undefined ? undefined : sealOf(namespace, epoch, commit, signal);
}

/** Plain text names no objects: its inventory is the first partials that the listing shows. */
async function plainTextSeal(
  namespace: Namespace,
  epoch: number,
  committer: string,
  signal: AbortSignal | undefined,
): Promise<Seal> {
  const partials = [];
  for await (const { key, size } of namespace.listEpoch(epoch, signal)) {
    const object = parseEpochObject(key);
    if (object?.kind === "partial" && object.sha256 === undefined)
      partials.push({ vnode: object.vnode, key, size });
  }
  partials.sort((a, b) => a.vnode - b.vnode);
  return frozen({ format: 0, epoch, committer, partials, attachments: [] });
}

/**
 * Plain text above a seal of ours is not LaminarDB's form, but somebody's error page or what a power cut left: nobody goes
 * back to LaminarDB. (Its own tree can be taken over and gone on from: our seals then stand above it.)
 *
 * @throws `Corrupt`
 */
async function checkPlainText(
  namespace: Namespace,
  epoch: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const lower = (await namespace.listEpochs(signal)).filter((other) => other < epoch);
  for await (const { epoch: below, commit } of commitsOf(namespace, lower.toReversed(), signal)) {
    // One that cannot be read says nothing of this one, and is met where it is asked for.
    if (commit.status === "rejected" && !isStateError(commit.reason)) throw commit.reason;
    // rule: plain-text-stands-below-every-seal
    if (commit.status === "rejected" || commit.value?.kind !== "seal") continue;
    const key = commitKey(epoch);
    const message = `${key} is damaged: it is plain text, above epoch ${below}, which is sealed in this library's form`;
    throw new StateError("Corrupt", message, { sealed: "unknown", epoch, key, next: pastDamage });
  }
}

/** The error of a call that would have to answer for an epoch which may have been sealed before it was given up. */
export function givenUpError(epoch: number): StateError {
  const message =
    `epoch ${epoch} was given up by an operator, as ${commitKey(epoch)} could not be read, ` +
    `and its outputs may have been released before`;
  const next = "Use a higher epoch, and compare the sinks with the newest sealed one";
  return new StateError("EpochAborted", message, { sealed: "unknown", epoch, next });
}

/** An epoch decided for ever, or the reason why that is not known. */
export type Voiding =
  /** `givenUp`: its `_COMMIT` could not be read, so that it may have been sealed, and released, before. */
  | { readonly outcome: "void"; readonly givenUp: boolean }
  | { readonly outcome: "sealed"; readonly seal: Seal }
  /** A `_COMMIT` was there and is gone: only prune deletes one. */
  | { readonly outcome: "gone" }
  | NotCreated;

/** Creates a void where no `_COMMIT` is: whatever seal is still on its way then comes too late. */
export async function voidEpoch(
  namespace: Namespace,
  leadership: Leadership,
  epoch: number,
  signal: AbortSignal | undefined,
): Promise<Voiding> {
  const { client } = namespace;
  const body = encodeVoid(epoch, leadership.instanceId, leadership.incarnation);
  const operation = client.operation(signal, body.length);
  // rule: void-stays
  let creation = await createOrReadBack(client, commitKey(epoch), body, operation);
  // A seal that is in the way may take longer than a void.
  if (creation.outcome === "unknown" && creation.cause instanceof AttemptTimeout) {
    const read = await outcomeOf(readCommitBody(namespace, epoch, signal));
    signal?.throwIfAborted();
    if (read.status === "fulfilled" && read.value !== undefined)
      creation = { outcome: "found", body: read.value };
  }
  if (creation.outcome !== "created" && creation.outcome !== "found") return creation;
  let givenUp = false;
  if (creation.outcome === "found") {
    const commit = await interpret(namespace, epoch, creation.body, signal);
    const decision = await decisionOf(namespace, epoch, commit, signal);
    if (decision.kind === "seal") {
      // rule: settled-seal-is-newest
      leadership.resolve(epoch, decision.seal);
      return { outcome: "sealed", seal: decision.seal };
    }
    givenUp = decision.kind === "given-up";
  }
  leadership.resolve(epoch, undefined);
  namespace.report("void", { epoch });
  return { outcome: "void", givenUp };
}
