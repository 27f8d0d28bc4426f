import { decisionOf, givenUpError, readCommit, readSeal } from "../commit.ts";
import { checkNotPruned, type Control, pruned } from "../control.ts";
import { ensurePresent, notCreated } from "../create-or-read-back.ts";
import { StateError } from "../errors.ts";
import { controlPrefix, pinKey } from "../layout.ts";
import type { Leadership } from "../leadership.ts";
import type { Namespace } from "../namespace.ts";
import { decodeJson, encodeJson } from "../json.ts";
import { mayBeSeal, type Seal } from "../seal.ts";
import type { Pin, PinArguments } from "../state-backend.ts";
import { isRefusal } from "../store-client.ts";

/** How many pins there may be: every look at control lists them. */
const maxPins = 256;

/**
 * Either the pin was there when a prune listed control, and is kept; or it came later, and then the look that follows it
 * finds the floor, which was published before that listing.
 */
export async function pin(
  namespace: Namespace,
  { instanceId, incarnation }: Leadership,
  { epoch, name }: PinArguments,
  signal: AbortSignal | undefined,
): Promise<Pin> {
  const { client } = namespace;
  const commit = await readCommit(namespace, epoch, signal);
  const decision = commit === undefined ? undefined : await decisionOf(namespace, epoch, commit, signal);
  // Below the floor the seal may be a stray, which a pin would vouch for if its creator died before the second look.
  const before = await namespace.readControl(signal);
  // rule: stray-is-not-pinned
  checkNotPruned(epoch, before);
  if (decision?.kind === "given-up") throw givenUpError(epoch);
  // rule: only-a-sealed-epoch-is-pinned
  if (decision?.kind !== "seal") throw notSealed(epoch, decision?.kind === "void");
  const key = pinKey(epoch, name);
  if (before.pins.length >= maxPins && !before.pins.some((other) => other.key === key)) {
    const message = `epoch ${epoch} cannot be pinned as ${name}: there are ${before.pins.length} pins, and ${maxPins} is the most`;
    throw new StateError("TooManyPins", message, { sealed: "yes", epoch });
  }
  const at = Date.now();
  const body = encodeJson({ format: 1, epoch, name, instanceId, incarnation, at });
  const creation = await ensurePresent(client, key, body, client.operation(signal, body.length));
  // rule: pin-is-known-to-be-there
  if (creation.outcome !== "present") {
    const message = `whether epoch ${epoch} is pinned as ${name} is not known`;
    throw notCreated(creation, message, { epoch, key, next: "Pin it again" });
  }
  const after = await namespace.readControl(signal);
  // rule: pin-looks-at-the-floor
  if (after.floor > epoch) {
    // The pin stays. If the prune has seen it, then it keeps the epoch, and somebody else who pinned it by this name may
    // have been told so. If not, then the pin is on nothing, and the next prune deletes it.
    const next = `Pin a later epoch. If pins shows ${name} on epoch ${epoch} as sealed, then a prune keeps it: unpin it`;
    throw pruned(epoch, after.floor, { next });
  }
  return { epoch, name, instanceId, incarnation, at, sealed: true };
}

function notSealed(epoch: number, isVoid: boolean): StateError {
  const next = "Pin an epoch that is sealed";
  if (isVoid) {
    const message = `epoch ${epoch} is void, and cannot be pinned`;
    return new StateError("EpochAborted", message, { sealed: "no", epoch, next });
  }
  const message = `epoch ${epoch} has no seal, and cannot be pinned`;
  return new StateError("NotSealed", message, { sealed: "unknown", epoch, next });
}

/** Deletes the pin of an epoch, or all of that name. The next prune empties what nothing else keeps. */
export async function unpin(
  namespace: Namespace,
  { name, epoch }: { readonly name: string; readonly epoch?: number | undefined },
  signal: AbortSignal | undefined,
): Promise<void> {
  const keys =
    epoch === undefined ? keysOf(await namespace.readControl(signal), name) : [pinKey(epoch, name)];
  const [failure] = await namespace.client.delete(keys, signal);
  if (failure === undefined) return;
  const { key, error: cause } = failure;
  const details = { sealed: "unknown", epoch, key, cause } as const;
  if (isRefusal(cause)) throw new StateError("StoreFailed", `${key} could not be deleted`, details);
  const next = "Unpin it again, and do not pin the epoch by that name any more";
  throw new StateError("OutcomeUnknown", `whether ${key} is deleted is not known`, { ...details, next });
}

function keysOf({ pins }: Control, name: string): readonly string[] {
  return pins.filter((other) => other.name === name).map(({ key }) => key);
}

/** Every pin, by epoch and name: who made it, and whether what it pins is there. */
export async function listPins(
  namespace: Namespace,
  signal: AbortSignal | undefined,
): Promise<readonly Pin[]> {
  const { client } = namespace;
  const { pins } = await namespace.readControl(signal);
  return namespace.map(pins, async ({ key, epoch, name }) => {
    const body = await client.get(key, client.operation(signal));
    const commit = await readCommit(namespace, epoch, signal);
    const made = body === undefined ? undefined : decodeJson(body);
    const text = (field: string): string => {
      const value = made?.[field];
      return typeof value === "string" ? value : "unknown";
    };
    const at = typeof made?.["at"] === "number" ? made["at"] : undefined;
    return {
      epoch,
      name,
      instanceId: text("instanceId"),
      incarnation: text("incarnation"),
      ...(at === undefined ? {} : { at }),
      sealed: mayBeSeal(commit),
    };
  });
}

/** The seal of the highest epoch that is pinned by this name. @throws `NotPinned`, `EpochPruned` */
export async function readPinned(
  namespace: Namespace,
  name: string,
  signal: AbortSignal | undefined,
): Promise<Seal> {
  const { pins, floor } = await namespace.readControl(signal);
  const epoch = pins.findLast((other) => other.name === name)?.epoch;
  if (epoch === undefined) {
    const message = `no epoch is pinned as ${name} under ${controlPrefix}`;
    throw new StateError("NotPinned", message, { sealed: "unknown" });
  }
  const seal = await readSeal(namespace, epoch, signal);
  if (seal === undefined) throw pruned(epoch, floor);
  return seal;
}
