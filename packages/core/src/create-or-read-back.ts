/**
 * The protocol's one primitive. Nothing is ever overwritten, so every object is made by "create it, and unless the store
 * says `created` read back what is there". Neither `exists` nor an error tells whose object it is: an earlier attempt of
 * our own may have landed. And `exists` may have been said by something between us and the store. Callers only interpret.
 */
import { StateError, type StateErrorDetails } from "./errors.ts";
import type { Operation } from "./retry.ts";
import { sameBytes } from "./bytes.ts";
import type { StoreClient } from "./store-client.ts";

/** What is known of a key after a create. */
export type Creation =
  /** `attempts` is 1 if no other was sent, neither in this try nor in one before. */
  | { readonly outcome: "created"; readonly attempts: number }
  /** An object is there: somebody else's, or ours of an attempt whose response was lost. */
  | { readonly outcome: "found"; readonly body: Uint8Array }
  /** An object was there, and reading back found nothing. */
  | { readonly outcome: "gone" }
  | NotCreated;

export type NotCreated =
  /** The store refused: nothing was written. */
  | { readonly outcome: "refused"; readonly cause: unknown }
  /** The create may have landed, or may land yet. `absent`: reading back found nothing so far. */
  | { readonly outcome: "unknown"; readonly cause: unknown; readonly absent: boolean };

/** How often an object may be there and gone again before `ensure` gives up. */
const maxVanishings = 8;

/** @param sha256 of the body, as hex, where it is known */
export async function createOrReadBack(
  client: StoreClient,
  key: string,
  body: Uint8Array,
  operation: Operation,
  sha256?: string,
): Promise<Creation> {
  const response = await client.create(key, body, operation, { sha256 });
  if (response.outcome === "created") return response;
  if (response.outcome === "exists") return readBack(client, key, operation, { outcome: "gone" });
  if (response.outcome === "refused") return { outcome: "refused", cause: response.error };
  // rule: lost-create-is-read-back
  return readBack(client, key, operation, { outcome: "unknown", cause: response.error, absent: true });
}

/**
 * Creates again what was there and is gone, so this is not for `_COMMIT`: a `_COMMIT` that is gone was pruned.
 */
export async function ensure(
  client: StoreClient,
  key: string,
  body: Uint8Array,
  operation: Operation,
  sha256?: string,
): Promise<Exclude<Creation, { outcome: "gone" }>> {
  for (let tries = 1; ; tries++) {
    const creation = await createOrReadBack(client, key, body, operation, sha256);
    // Attempts of earlier tries may still be at work.
    if (creation.outcome === "created") return { ...creation, attempts: creation.attempts + tries - 1 };
    if (creation.outcome !== "gone") return creation;
    if (tries < maxVanishings) continue;
    const cause = new Error(`${key} was there and gone again, ${maxVanishings} times in a row`);
    return { outcome: "unknown", cause, absent: true };
  }
}

/** For a key that carries the digest of its body. */
export async function ensureBytes(
  client: StoreClient,
  key: string,
  body: Uint8Array,
  operation: Operation,
  sha256: string,
): Promise<Present | NotCreated> {
  const creation = await ensure(client, key, body, operation, sha256);
  // An attempt that timed out may still be at work on the bytes.
  if (creation.outcome === "created") return { outcome: "present", isReleased: creation.attempts === 1 };
  if (creation.outcome !== "found") return creation;
  // rule: existing-bytes-are-compared
  if (sameBytes(creation.body, body)) return { outcome: "present" };
  return { outcome: "refused", cause: new Error(`${key} holds other bytes than its name says`) };
}

interface Present {
  readonly outcome: "present";
  /** Whether nothing in the store can be at work on the body any more (C4 of the store contract). */
  readonly isReleased?: boolean;
}

/** For a key whose presence is all that counts, whoever created it: an anchor, a pin. */
export async function ensurePresent(
  client: StoreClient,
  key: string,
  body: Uint8Array,
  operation: Operation,
): Promise<Present | NotCreated> {
  const creation = await ensure(client, key, body, operation);
  const isThere = creation.outcome === "created" || creation.outcome === "found";
  return isThere ? { outcome: "present" } : creation;
}

/** What is there, or `absent` if nothing is. A reading that fails leaves the create unknown. */
async function readBack<A extends Creation>(
  client: StoreClient,
  key: string,
  operation: Operation,
  absent: A,
): Promise<
  { readonly outcome: "found"; readonly body: Uint8Array } | A | (NotCreated & { outcome: "unknown" })
> {
  try {
    const body = await client.get(key, operation);
    return body === undefined ? absent : { outcome: "found", body };
  } catch (error) {
    operation.throwIfAborted();
    const cause = absent.outcome === "unknown" ? absent.cause : error;
    return { outcome: "unknown", cause, absent: false };
  }
}

/** The error of a call that cannot go on, because it is not known that its object is there. */
export function notCreated(
  { outcome, cause }: NotCreated,
  message: string,
  details: Omit<StateErrorDetails, "sealed" | "cause"> = {},
): StateError {
  const code = outcome === "refused" ? "StoreFailed" : "OutcomeUnknown";
  return new StateError(code, message, { sealed: "unknown", ...details, cause });
}
