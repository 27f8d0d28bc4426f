/** An epoch's `_COMMIT`, read from the store and written to it. */
import { StateError } from "./errors.ts";
import type { Incarnation } from "./incarnation.ts";
import { commitKey, parseEpochObject } from "./layout.ts";
import type { Operation } from "./retry.ts";
import { type Commit, decodeCommit, encodeVoid, frozen, type Seal } from "./seal.ts";

/** What an epoch's `_COMMIT` says, or `undefined` when there is none. @throws `Corrupt`, `UnknownFormat` */
export async function readCommit(
  self: Incarnation,
  epoch: number,
  operation: Operation,
): Promise<Commit | undefined> {
  const body = await self.client.get(commitKey(epoch), operation);
  return body === undefined ? undefined : decodeCommit(body, epoch);
}

/** The seal that a commit stands for, or `undefined` for a void. The plain-text form needs a listing. */
export async function sealOf(
  self: Incarnation,
  epoch: number,
  commit: Commit,
  signal: AbortSignal | undefined,
): Promise<Seal | undefined> {
  if (commit.kind === "void") return undefined;
  if (commit.kind === "seal") return commit.seal;
  const partials = [];
  for await (const { key, size } of self.listEpoch(epoch, signal)) {
    const object = parseEpochObject(key);
    if (object?.kind === "partial" && object.sha256 === undefined)
      partials.push({ vnode: object.vnode, key, size });
  }
  partials.sort((a, b) => a.vnode - b.vnode);
  return frozen({ format: 0, epoch, committer: commit.committer, partials, attachments: [] });
}

/** An epoch decided for ever, or the reason why that is not known. */
export type Voided =
  | { readonly state: "void" }
  | { readonly state: "sealed"; readonly seal: Seal }
  /** Something was there and is gone: only prune deletes a `_COMMIT`. */
  | { readonly state: "gone" }
  | { readonly state: "unknown"; readonly definite: boolean; readonly cause: unknown };

/** Creates a void where no `_COMMIT` is, so that whatever seal is still on its way comes too late. */
export async function voidEpoch(
  self: Incarnation,
  epoch: number,
  signal: AbortSignal | undefined,
): Promise<Voided> {
  const body = encodeVoid(epoch, self.instanceId, self.id);
  const operation = self.client.operation(signal, body.length);
  const answer = await self.client.create(commitKey(epoch), body, operation);
  if (answer.outcome === "created") return voided(self, epoch);
  if (answer.outcome === "failed" && answer.definite)
    return { state: "unknown", definite: true, cause: answer.error };

  let commit: Commit | undefined;
  try {
    commit = await readCommit(self, epoch, operation);
  } catch (error) {
    operation.throwIfAborted();
    if (error instanceof StateError) throw error;
    return { state: "unknown", definite: false, cause: answer.outcome === "failed" ? answer.error : error };
  }
  if (commit === undefined) {
    return answer.outcome === "exists"
      ? { state: "gone" }
      : { state: "unknown", definite: false, cause: answer.error };
  }
  if (commit.kind === "void") return voided(self, epoch);
  const seal = await sealOf(self, epoch, commit, signal);
  if (seal === undefined) return voided(self, epoch);
  self.resolve(epoch, seal);
  return { state: "sealed", seal };
}

function voided(self: Incarnation, epoch: number): Voided {
  self.resolve(epoch, undefined);
  self.decide("void", { epoch });
  return { state: "void" };
}
