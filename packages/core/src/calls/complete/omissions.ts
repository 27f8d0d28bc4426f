import { StateError } from "../../errors.ts";
import type { OwnWrites } from "../../own-writes.ts";
import { type Attempt, refuse } from "./attempt.ts";
import type { CompleteRequest } from "./request.ts";

/**
 * Checks before anything is sent that nothing was forgotten. It would vanish silently: a seal names only what it is given,
 * and the next prune deletes the rest.
 *
 * @throws `VnodeOmitted`, `AttachmentOmitted`
 */
export function checkNothingOmitted(attempt: Attempt, request: CompleteRequest, ownWrites: OwnWrites): void {
  const { epoch } = attempt;
  const omitted = omittedVnode(attempt, request);
  // rule: sealed-vnode-is-given-unchanged-or-dropped
  if (omitted !== undefined) {
    const { vnode, message } = omitted;
    throw new StateError("VnodeOmitted", message, { sealed: "unknown", epoch, vnode });
  }
  const passed = new Set(request.attachments.map(({ name }) => name));
  const forgotten = ownWrites.attachments(epoch).find((name) => !passed.has(name));
  // rule: written-attachment-is-passed
  if (forgotten !== undefined) {
    const message = `attachment ${forgotten} was written for epoch ${epoch} and is not passed`;
    throw new StateError("AttachmentOmitted", message, { sealed: "unknown", epoch });
  }
}

/** The same once earlier epochs are settled: one that turned out to be sealed may name more. @throws `VnodeOmitted` */
export async function checkNoVnodeOmitted(attempt: Attempt, request: CompleteRequest): Promise<void> {
  const omitted = omittedVnode(attempt, request);
  if (omitted === undefined) return;
  return refuse(attempt, "VnodeOmitted", omitted.message, { vnode: omitted.vnode });
}

/** Without a fence another instance's seal may be newer: nobody can tell what is omitted. */
function omittedVnode(
  { leadership, epoch, claimed }: Attempt,
  { receipts, given, vnodes, unchanged, dropped }: CompleteRequest,
): { readonly vnode: number; readonly message: string } | undefined {
  const newest = leadership.newestSeal;
  if (claimed === undefined || newest === undefined || newest.epoch >= epoch) return undefined;
  const named = new Set([
    ...[...receipts, ...given].map(({ vnode }) => vnode),
    ...vnodes,
    ...unchanged,
    ...dropped,
  ]);
  const vnode = newest.partials.find((entry) => !named.has(entry.vnode))?.vnode;
  if (vnode === undefined) return undefined;
  const message = `vnode ${vnode} is in epoch ${newest.epoch}, the newest sealed one, and not in epoch ${epoch}`;
  return { vnode, message };
}
