import { ensurePresent } from "../../create-or-read-back.ts";
import { messageOf, storeFailed } from "../../errors.ts";
import { anchorKey } from "../../layout.ts";
import type { Attempt } from "./attempt.ts";
import type { CompleteRequest } from "./request.ts";

/** An epoch that writes nothing of its own would be invisible to `takeover`, which then could not make it void. */
export async function ensureAnchor(
  { namespace: { client }, leadership, epoch, signal }: Attempt,
  { receipts, vnodes, attachments }: CompleteRequest,
): Promise<void> {
  if (receipts.length + vnodes.length + attachments.length > 0) return;
  const key = anchorKey(epoch);
  const body = new TextEncoder().encode(leadership.incarnation);
  const anchor = await ensurePresent(client, key, body, client.operation(signal));
  // Whose anchor it is does not matter, only that it is there.
  // rule: anchor-is-known-to-be-there
  if (anchor.outcome !== "present") {
    const { cause } = anchor;
    const message = `${key} could not be written: ${messageOf(cause)}`;
    throw storeFailed(message, cause, { sealed: "unknown", epoch, key });
  }
}
