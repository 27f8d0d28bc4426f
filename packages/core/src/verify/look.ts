/** What is read of an epoch ahead of its turn. */
import { type Decision, decisionOf, readCommit } from "../commit.ts";
import { isStateError, isStoreError, type StateError, type StoreError } from "../errors.ts";
import { epochPrefix } from "../layout.ts";
import type { Namespace } from "../namespace.ts";
import type { Seal } from "../seal.ts";
import type { ListPage } from "../store.ts";
import { isOfTheObject } from "./folder.ts";

/** What the `_COMMIT` of an epoch was found to say. */
export type Found =
  | { readonly kind: Decision["kind"]; readonly seal?: Seal | undefined }
  | { readonly kind: "absent" }
  | { readonly kind: "unreadable"; readonly error: StateError | StoreError };

/** An epoch's `_COMMIT`, and then the first page of its folder; the rest is listed when its turn comes. */
export interface Look {
  readonly found: Found;
  /** `undefined` if the folder is not asked for. */
  readonly pages: AsyncIterable<ListPage> | undefined;
}

/** A page of a thousand keys. */
const pageBytes = 131_072;
/** What a seal has of one vnode. */
const entryBytes = 256;

/** What is held of one epoch that is looked at ahead. */
export function weightOf({ vnodeCapacity }: Namespace): number {
  return pageBytes + vnodeCapacity * entryBytes;
}

/** Every object that a seal names was there before the seal: so the folder is listed after it. */
export async function lookAt(
  namespace: Namespace,
  epoch: number,
  isAsked: boolean,
  signal: AbortSignal | undefined,
): Promise<Look> {
  const found = await readFound(namespace, epoch, signal);
  if (!isAsked) return { found, pages: undefined };
  const pages = namespace.client.list(epochPrefix(epoch), { signal });
  const first = await pages.next();
  return { found, pages: continued(first, pages) };
}

async function* continued(
  first: IteratorResult<ListPage, void>,
  pages: AsyncGenerator<ListPage, void, undefined>,
): AsyncGenerator<ListPage, void, undefined> {
  if (first.done === true) return;
  yield first.value;
  yield* pages;
}

export async function readFound(
  namespace: Namespace,
  epoch: number,
  signal: AbortSignal | undefined,
): Promise<Found> {
  try {
    const commit = await readCommit(namespace, epoch, signal);
    if (commit === undefined) return { kind: "absent" };
    const decision = await decisionOf(namespace, epoch, commit, signal);
    return decision.kind === "seal" ? { kind: "seal", seal: decision.seal } : { kind: decision.kind };
  } catch (error) {
    signal?.throwIfAborted();
    if (isStoreError(error) && isOfTheObject(error)) return { kind: "unreadable", error };
    if (!isStateError(error) || error.code === "StoreFailed") throw error;
    return error.code === "EpochPruned" ? { kind: "absent" } : { kind: "unreadable", error };
  }
}
