import type { Control } from "../control.ts";
import { ensure, notCreated } from "../create-or-read-back.ts";
import { StateError } from "../errors.ts";
import { fenceKey } from "../layout.ts";
import type { Leadership } from "../leadership.ts";
import type { Namespace } from "../namespace.ts";
import { decodeJson, encodeJson } from "../seal.ts";

/** One incarnation a version: two processes that claim the same one must not both lead. */
export async function claimFence(
  { client }: Namespace,
  { instanceId, incarnation }: Leadership,
  version: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const key = fenceKey(version);
  const body = encodeJson({ format: 1, version, instanceId, incarnation, at: Date.now() });
  const fence = await ensure(client, key, body, client.operation(signal, body.length));
  if (fence.outcome === "created") return;
  if (fence.outcome !== "found") {
    const message = `whether version ${version} is claimed is not known: claim a higher one`;
    throw notCreated(fence, message, { version, key });
  }
  const holder = decodeJson(fence.body);
  // rule: one-incarnation-a-version
  if (holder?.["incarnation"] === incarnation) return;
  const who = typeof holder?.["instanceId"] === "string" ? holder["instanceId"] : "someone else";
  const message = `version ${version} was claimed by ${who}`;
  throw new StateError("StaleVersion", message, { sealed: "unknown", version, key });
}

/** @throws `StaleVersion` unless the fence of `version` is the highest */
export function checkHighest(version: number, { fence, fences }: Control): void {
  if (fence > version) {
    const message = `version ${fence} was claimed, ${version} is too low`;
    throw new StateError("StaleVersion", message, { sealed: "unknown", version: fence });
  }
  // rule: own-fence-unseen-ends-takeover
  if (!fences.has(version)) {
    const message = `the fence of version ${version} is gone, so higher ones were claimed: claim a higher one`;
    throw new StateError("StaleVersion", message, { sealed: "unknown", version });
  }
}
