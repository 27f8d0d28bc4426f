/** An epoch's `_COMMIT`, read from the store and written to it. */
import { createOrReadBack, type NotCreated } from "./create-or-read-back.ts";
import { outcomeOf } from "./concurrency.ts";
import { isStateError, StateError } from "./errors.ts";
import { commitKey, parseEpochObject } from "./layout.ts";
import type { Leadership } from "./leadership.ts";
import type { Namespace } from "./namespace.ts";
import { type Commit, decodeCommit, encodeVoid, frozen, type Seal } from "./seal.ts";

/** What an epoch's `_COMMIT` says, or `undefined` when there is none. @throws `Corrupt`, `UnknownFormat` */
export async function readCommit(
  namespace: Namespace,
  epoch: number,
  signal: AbortSignal | undefined,
): Promise<Commit | undefined> {
  const { client } = namespace;
  // rule: seals-are-read-with-time-for-their-size
  const operation = client.operation(signal, namespace.expectedCommitBytes);
  // rule: commit-read-by-its-whole-key
  const body = await client.get(commitKey(epoch), operation);
  return body === undefined ? undefined : decodeCommit(body, epoch);
}

/** The seal that a commit stands for, or `undefined` for a void. The plain-text form needs a listing. */
export async function sealOf(
  namespace: Namespace,
  epoch: number,
  commit: Commit,
  signal: AbortSignal | undefined,
): Promise<Seal | undefined> {
  if (commit.kind === "void") return undefined;
  if (commit.kind === "seal") return commit.seal;
  await checkPlainText(namespace, epoch, signal);
  const partials = [];
  for await (const { key, size } of namespace.listEpoch(epoch, signal)) {
    const object = parseEpochObject(key);
    if (object?.kind === "partial" && object.sha256 === undefined)
      partials.push({ vnode: object.vnode, key, size });
  }
  partials.sort((a, b) => a.vnode - b.vnode);
  return frozen({ format: 0, epoch, committer: commit.committer, partials, attachments: [] });
}

/**
 * Plain text above a seal of ours is not LaminarDB's form, but somebody's error page or what a power cut left: nobody goes
 * back to LaminarDB. (Its own tree can be taken over and gone on from: our seals then stand above it.)
 *
 * @throws `Corrupt`
 */
export async function checkPlainText(
  namespace: Namespace,
  epoch: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const lower = (await namespace.listEpochs(signal)).filter((other) => other < epoch);
  const commits = await namespace.map(lower, (other) => outcomeOf(readCommit(namespace, other, signal)));
  for (const commit of commits) {
    // One that cannot be read says nothing of this one, and is met where it is asked for.
    if (commit.status === "rejected" && !isStateError(commit.reason)) throw commit.reason;
  }
  const isSeal = (commit: (typeof commits)[number] | undefined): boolean =>
    commit?.status === "fulfilled" && commit.value?.kind === "seal";
  const below = lower.find((_, index) => isSeal(commits[index]));
  // rule: plain-text-stands-below-every-seal
  if (below !== undefined) throw plainTextError(epoch, below);
}

export function plainTextError(epoch: number, below: number): StateError {
  const key = commitKey(epoch);
  const message = `${key} is plain text above epoch ${below}, which is sealed in this library's form: it is damaged`;
  return new StateError("Corrupt", message, { sealed: "unknown", epoch, key });
}

/** An epoch decided for ever, or the reason why that is not known. */
export type Voiding =
  | { readonly outcome: "void" }
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
  const creation = await createOrReadBack(client, commitKey(epoch), body, operation);
  if (creation.outcome !== "created" && creation.outcome !== "found") return creation;
  if (creation.outcome === "found") {
    const seal = await sealOf(namespace, epoch, decodeCommit(creation.body, epoch), signal);
    if (seal !== undefined) {
      // rule: settled-seal-is-newest
      leadership.resolve(epoch, seal);
      return { outcome: "sealed", seal };
    }
  }
  leadership.resolve(epoch, undefined);
  namespace.report("void", { epoch });
  return { outcome: "void" };
}
