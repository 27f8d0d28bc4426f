import { StateError } from "../errors.ts";
import type { Control } from "../control.ts";
import { namespaceKey } from "../layout.ts";
import type { Namespace } from "../namespace.ts";
import type { Operation } from "../retry.ts";
import { decodeJson, encodeJson } from "../seal.ts";
import type { StoreClient } from "../store-client.ts";

interface NamespaceOptions {
  readonly vnodeCapacity: number;
  readonly readOnly: boolean;
}

/** Checks that the store holds our kind of namespace, and that it honours the condition that all else rests on. */
export async function openNamespace(
  namespace: Namespace,
  { vnodeCapacity, readOnly }: NamespaceOptions,
  signal: AbortSignal | undefined,
): Promise<Control> {
  const { client } = namespace;
  const operation = client.operation(signal);
  const [found, control] = await namespace.concurrently(
    () => client.get(namespaceKey, operation),
    () => namespace.readControl(signal),
  );
  // rule: capacity-is-compared-before-anything-is-written
  if (found !== undefined) checkNamespace(found, vnodeCapacity);
  if (!readOnly) await probe(client, vnodeCapacity, found !== undefined, client.operation(signal));
  return control;
}

/**
 * Creates the namespace until a create of it returns `exists`. A store that says `created` for what is there ignores
 * the condition: every leader would win every seal.
 */
async function probe(
  client: StoreClient,
  vnodeCapacity: number,
  known: boolean,
  operation: Operation,
): Promise<void> {
  const body = encodeJson({ format: 1, vnodeCapacity });
  let there = known;
  let failed = false;
  for (;;) {
    // Everybody who opens creates this one key: a known namespace is not worth queueing for.
    const response = await client.create(namespaceKey, body, operation, known ? { attempts: 1 } : {});
    if (response.outcome === "exists") break;
    if (response.outcome === "created") {
      if (there) throw conditionIgnored(client, `returned "created" for an object that was there`);
      // rule: open-creates-until-it-exists
      there = true;
      continue;
    }
    const { outcome, error } = response;
    if (error.code === "Unsupported") throw conditionIgnored(client, "refuses it", error);
    // Whoever created the namespace has seen that the store keeps the condition.
    // rule: throttled-probe-of-a-known-namespace-passes
    if (known && error.retryable) return;
    // If a response was lost, one more create tells what the first has left behind.
    if (outcome === "refused" || failed) throw error;
    failed = true;
  }
  // rule: open-compares-what-someone-else-created
  if (there) return;
  const found = await client.get(namespaceKey, operation);
  if (found === undefined) {
    throw new StateError("Corrupt", `${namespaceKey} was there and is gone`, {
      sealed: "unknown",
      key: namespaceKey,
    });
  }
  checkNamespace(found, vnodeCapacity);
}

function checkNamespace(body: Uint8Array, vnodeCapacity: number): void {
  const details = { sealed: "unknown", key: namespaceKey } as const;
  const namespace = decodeJson(body);
  const format = namespace?.["format"];
  const capacity = namespace?.["vnodeCapacity"];
  if (!Number.isSafeInteger(format))
    throw new StateError("Corrupt", `${namespaceKey} is not a namespace`, details);
  if (format !== 1) {
    throw new StateError(
      "UnknownFormat",
      `${namespaceKey} has format ${String(format)}; this version knows 1`,
      details,
    );
  }
  if (!Number.isSafeInteger(capacity))
    throw new StateError("Corrupt", `${namespaceKey} has no vnodeCapacity`, details);
  if (capacity === vnodeCapacity) return;
  const message = `the namespace has ${String(capacity)} vnodes, the backend was opened with ${vnodeCapacity}`;
  throw new StateError("CapacityMismatch", message, details);
}

function conditionIgnored(client: StoreClient, how: string, cause?: unknown): StateError {
  const message = `${client.name} does not create only what is absent: it ${how}. No checkpoint is safe on it`;
  return new StateError("ConditionIgnored", message, { sealed: "unknown", key: namespaceKey, cause });
}
