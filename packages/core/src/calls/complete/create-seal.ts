import { interpret } from "../../commit.ts";
import { messageOf } from "../../errors.ts";
import { createOrReadBack } from "../../create-or-read-back.ts";
import { commitKey } from "../../layout.ts";
import type { Receipt } from "../../receipt.ts";
import { encodeSeal, frozen, type Seal, type SealedPartial, storedOf } from "../../seal.ts";
import { type Attempt, outcomeUnknown, refuse } from "./attempt.ts";
import type { Asked } from "./coverage.ts";
import type { CompleteRequest } from "./request.ts";
import { decide, vanished } from "./decide.ts";

/** Creates `_COMMIT`, or finds that it was created before. @returns the seal that is known to be there */
export async function createSeal(
  attempt: Attempt,
  partials: readonly SealedPartial[],
  asked: Asked,
): Promise<Seal> {
  const { namespace, leadership, epoch, signal } = attempt;
  const { client } = namespace;
  const { unresolved } = leadership;
  const key = commitKey(epoch);
  const seal = newSeal(attempt, partials, asked.request);
  const body = encodeSeal(seal);
  const wasUnresolved = unresolved.has(epoch);
  // From here on the seal may land, whatever becomes of this call.
  unresolved.add(epoch);
  const creation = await createOrReadBack(client, key, body, client.operation(signal, body.length));
  if (creation.outcome === "created") {
    // rule: created-seal-is-newest-at-once
    leadership.resolve(epoch, seal);
    return seal;
  }
  if (creation.outcome === "found") {
    // rule: existing-commit-is-compared
    return decide(attempt, await interpret(namespace, epoch, creation.body, signal), asked);
  }
  if (creation.outcome === "gone") return vanished(attempt, undefined);
  const { cause } = creation;
  if (creation.outcome === "unknown") {
    if (creation.absent) return vanished(attempt, cause);
    throw outcomeUnknown(attempt, cause);
  }
  if (!wasUnresolved) unresolved.delete(epoch);
  const message = `the seal of epoch ${epoch} was refused: ${messageOf(cause)}`;
  return refuse(attempt, "StoreFailed", message, { key, cause });
}

function newSeal(
  { leadership, epoch, claimed }: Attempt,
  partials: readonly SealedPartial[],
  { attachments, unchanged }: CompleteRequest,
): Seal {
  const base = unchanged.length === 0 ? undefined : leadership.newestSeal?.epoch;
  return frozen({
    format: isPlain([...partials, ...attachments]) ? 1 : 2,
    epoch,
    committer: leadership.instanceId,
    incarnation: leadership.incarnation,
    assignmentVersion: claimed ?? leadership.authoritativeVersion,
    ...(base === undefined ? {} : { base }),
    at: Date.now(),
    partials: partials.toSorted((a, b) => a.vnode - b.vnode),
    attachments: attachments.map(({ name, ...stored }) => ({ name, ...storedOf(stored) })),
  });
}

/** Whether all are whole objects with the bytes that were given: an older version reads that. */
function isPlain(entries: readonly (SealedPartial | Receipt)[]): boolean {
  return entries.every(
    (entry) =>
      // rule: bytes-in-a-seal-are-format-2
      entry.key !== undefined &&
      // rule: coded-entries-are-format-2
      entry.codec === undefined,
  );
}
