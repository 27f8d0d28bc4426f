import { ensurePresent } from "../../create-or-read-back.ts";
import { messageOf, storeFailed } from "../../errors.ts";
import { anchorKey } from "../../layout.ts";
import type { Leadership } from "../../leadership.ts";
import type { Namespace } from "../../namespace.ts";
import type { Attempt } from "./attempt.ts";
import type { Asked } from "./coverage.ts";
import { ownChunks } from "./reused-chunks.ts";

/**
 * Creates the anchor of an epoch that has no object of its own: one with nothing but unchanged vnodes, bytes in the seal, or
 * chunks of lower epochs. `takeover` would not see it, and could not make it void.
 */
export async function ensureAnchor(
  { namespace: { client }, leadership, epoch, signal }: Attempt,
  { request, own }: Asked,
): Promise<void> {
  const { receipts, vnodes, attachments } = request;
  const written = [...receipts, ...own.values()];
  // rule: reused-only-epoch-has-an-anchor
  const hasObject = written.some(
    ({ key, chunks = [] }) => key !== undefined || ownChunks(chunks, epoch).length > 0,
  );
  // Without a receipt the listing has to show its object.
  const isListed = vnodes.some((vnode) => !own.has(vnode));
  if (hasObject || isListed || attachments.length > 0) return;
  const key = anchorKey(epoch);
  const anchor = await ensurePresent(client, key, anchorBody(leadership), client.operation(signal));
  // Whose anchor it is does not matter, only that it is there.
  // rule: anchor-is-known-to-be-there
  if (anchor.outcome !== "present") {
    const { cause } = anchor;
    const message = `${key} could not be written: ${messageOf(cause)}`;
    throw storeFailed(message, cause, { sealed: "unknown", epoch, key });
  }
}

/**
 * Creates the anchor of an epoch to come, so that it can be sealed without a look before. It makes one attempt: a seal
 * waits for its response. If that fails, the epoch is looked at before it is sealed.
 *
 * @returns whether the anchor is known to be there
 */
export async function anchorAhead(
  { client }: Namespace,
  leadership: Leadership,
  epoch: number,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const operation = client.operation(signal);
  const response = await client.create(anchorKey(epoch), anchorBody(leadership), operation, { attempts: 1 });
  // Whether it really exists a look would have to tell: then the epoch itself is looked at instead.
  return response.outcome === "created";
}

function anchorBody({ incarnation }: Leadership): Uint8Array {
  return new TextEncoder().encode(incarnation);
}
