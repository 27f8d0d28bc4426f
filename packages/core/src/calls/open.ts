import { commitsOf, decisionOf } from "../commit.ts";
import { outcomeOf } from "../concurrency.ts";
import type { Control } from "../control.ts";
import { isStateError, StateError } from "../errors.ts";
import { namespaceKey } from "../layout.ts";
import type { Namespace } from "../namespace.ts";
import type { Operation } from "../retry.ts";
import { decodeJson, encodeJson, isCount } from "../json.ts";

export interface OpenRequest {
  /** `undefined`: whatever the namespace has. */
  readonly vnodeCapacity: number | undefined;
  readonly readOnly: boolean;
  readonly mustExist: boolean;
}

/** Checks that the store holds our kind of namespace, and that it honours the condition that all else rests on. */
export async function openNamespace(
  namespace: Namespace,
  { vnodeCapacity, readOnly, mustExist }: OpenRequest,
  signal: AbortSignal | undefined,
): Promise<Control> {
  const { client } = namespace;
  const operation = client.operation(signal);
  const [body, control] = await namespace.concurrently(
    () => client.get(namespaceKey, operation),
    () => namespace.readControl(signal),
  );
  const found = body ?? (await readUnlessNew(namespace, control, mustExist, signal));
  // rule: capacity-is-compared-before-anything-is-written
  if (found !== undefined) goBy(namespace, checkNamespace(found, vnodeCapacity));
  if (!readOnly) await probe(namespace, client.operation(signal));
  return control;
}

/**
 * No namespace object was there. If the store holds what only a namespace of ours can have left behind, it was lost, or
 * came into being since: then reading again tells. If it is new, notes whether it begins as one of LaminarDB's.
 *
 * @returns the namespace object, or `undefined` if there is none and nothing shows that there ever was
 * @throws `Corrupt`, `NamespaceAbsent`
 */
async function readUnlessNew(
  namespace: Namespace,
  control: Control,
  mustExist: boolean,
  signal: AbortSignal | undefined,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const { client } = namespace;
  const trace = hasControls(control)
    ? ({ isOurs: true, hasPlainText: false, what: "_control/ is not empty" } as const)
    : await findTrace(namespace, signal);
  // rule: missing-namespace-is-refused-if-it-must-exist
  if (trace === undefined && mustExist) throw nothingThere();
  namespace.hasPlainText = trace?.hasPlainText === true;
  // rule: lost-namespace-is-not-invented
  if (trace === undefined || !trace.isOurs) return undefined;
  // rule: namespace-is-read-again-before-it-is-called-lost
  const body = await client.get(namespaceKey, client.operation(signal));
  if (body !== undefined) return body;
  const next =
    "Put it back from a copy, or write it anew: ObjectStoreBackend.recover({ store, instanceId, vnodeCapacity })";
  const details = { sealed: "unknown", key: namespaceKey, next } as const;
  throw new StateError("Corrupt", `${namespaceKey} is gone, and ${trace.what}`, details);
}

export function hasControls({ fence, floor, givenUp }: Control): boolean {
  return fence > 0 || floor > 0 || givenUp.size > 0;
}

/** What the epochs show of a namespace. */
interface Trace {
  /** Not LaminarDB's, whose trees have no namespace object. */
  readonly isOurs: boolean;
  readonly hasPlainText: boolean;
  readonly what: string;
}

/** The newest `_COMMIT` tells whose epochs these are: ours stand above LaminarDB's. */
async function findTrace(namespace: Namespace, signal: AbortSignal | undefined): Promise<Trace | undefined> {
  const epochs = await namespace.listEpochs(signal);
  for await (const { epoch, commit } of commitsOf(namespace, epochs.toReversed(), signal)) {
    // One that cannot be read is none of LaminarDB's either.
    const ours = { isOurs: true, hasPlainText: false, what: `epoch ${epoch} has a _COMMIT` };
    if (commit.status === "rejected") {
      if (isStateError(commit.reason)) return ours;
      throw commit.reason;
    }
    if (commit.value === undefined) continue;
    if (commit.value.kind !== "plain-text") return ours;
    const decision = await outcomeOf(decisionOf(namespace, epoch, commit.value, signal));
    if (decision.status === "fulfilled")
      return { isOurs: false, hasPlainText: true, what: `epoch ${epoch} is LaminarDB's` };
    if (isStateError(decision.reason) && decision.reason.code === "Corrupt") return ours;
    throw decision.reason;
  }
  return epochs.length === 0
    ? undefined
    : { isOurs: false, hasPlainText: false, what: "no epoch has a _COMMIT" };
}

/** What an operator decides is written beside a namespace object. @throws `NamespaceAbsent` */
export function checkKnown({ isKnown }: Namespace): void {
  if (isKnown) return;
  const next = "Open it once with its vnodeCapacity, then recover";
  const details = { sealed: "unknown", key: namespaceKey, next } as const;
  throw new StateError("NamespaceAbsent", `there is no ${namespaceKey} yet`, details);
}

export function nothingThere(): StateError {
  const message = "the store holds no checkpoints";
  return new StateError("NamespaceAbsent", message, { sealed: "unknown", key: namespaceKey });
}

/**
 * Creates the namespace until a create of it returns `exists`. A store that says `created` for what is there ignores
 * the condition: every leader would win every seal.
 */
export async function probe(namespace: Namespace, operation: Operation): Promise<void> {
  const { client, vnodeCapacity, hasPlainText, isKnown: known } = namespace;
  const body = encodeJson({ format: 1, vnodeCapacity, ...(hasPlainText ? { hasPlainText } : {}) });
  let there = known;
  let failed = false;
  for (;;) {
    // Everybody who opens creates this one key: a known namespace is not worth queueing for.
    const response = await client.create(namespaceKey, body, operation, known ? { attempts: 1 } : {});
    if (response.outcome === "exists") break;
    if (response.outcome === "created") {
      if (there) throw conditionIgnored(`returned "created" for an object that was there`);
      // rule: open-creates-until-it-exists
      there = true;
      continue;
    }
    const { outcome, error } = response;
    if (error.code === "Unsupported") throw conditionIgnored("refuses it", error);
    // Whoever created the namespace has seen that the store keeps the condition.
    // rule: throttled-probe-of-a-known-namespace-passes
    if (known && error.retryable) return;
    // If a response was lost, one more create tells what the first has left behind.
    if (outcome === "refused" || failed) throw error;
    failed = true;
  }
  namespace.isKnown = true;
  // rule: open-compares-what-someone-else-created
  if (there) return;
  const found = await client.get(namespaceKey, operation);
  if (found === undefined) {
    throw new StateError("Corrupt", `${namespaceKey} was there and is gone`, {
      sealed: "unknown",
      key: namespaceKey,
      next: "Open it again",
    });
  }
  goBy(namespace, checkNamespace(found, vnodeCapacity));
}

interface NamespaceObject {
  readonly vnodeCapacity: number;
  readonly hasPlainText: boolean;
}

/** From now on the namespace is as its object says. */
export function goBy(namespace: Namespace, { vnodeCapacity, hasPlainText }: NamespaceObject): void {
  namespace.vnodeCapacity = vnodeCapacity;
  namespace.hasPlainText = hasPlainText;
  namespace.isKnown = true;
}

/** @throws `CapacityMismatch`, `Corrupt`, `UnknownFormat` */
export function checkNamespace(body: Uint8Array, vnodeCapacity: number | undefined): NamespaceObject {
  const next =
    "Put it back from a copy, or delete it and call ObjectStoreBackend.recover({ store, instanceId, vnodeCapacity })";
  const details = { sealed: "unknown", key: namespaceKey } as const;
  const namespace = decodeJson(body);
  const format = namespace?.["format"];
  const capacity = namespace?.["vnodeCapacity"];
  if (!Number.isSafeInteger(format))
    throw new StateError("Corrupt", `${namespaceKey} is not a namespace`, { ...details, next });
  if (format !== 1) {
    throw new StateError(
      "UnknownFormat",
      `${namespaceKey} has format ${String(format)}; this version knows 1`,
      details,
    );
  }
  if (!isCount(capacity))
    throw new StateError("Corrupt", `${namespaceKey} has no vnodeCapacity`, { ...details, next });
  if (vnodeCapacity === undefined || capacity === vnodeCapacity)
    return { vnodeCapacity: capacity, hasPlainText: namespace?.["hasPlainText"] === true };
  const message = `the namespace has ${capacity} vnodes, and was opened with vnodeCapacity ${vnodeCapacity}`;
  throw new StateError("CapacityMismatch", message, details);
}

function conditionIgnored(how: string, cause?: unknown): StateError {
  const message = `the store does not create only what is absent: it ${how}`;
  return new StateError("ConditionIgnored", message, { sealed: "unknown", key: namespaceKey, cause });
}
