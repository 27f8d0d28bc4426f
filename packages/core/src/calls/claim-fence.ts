import type { Control } from "../control.ts";
import { ensure, notCreated } from "../create-or-read-back.ts";
import { StateError } from "../errors.ts";
import { fenceKey } from "../layout.ts";
import type { Leadership } from "../leadership.ts";
import type { Namespace } from "../namespace.ts";
import { decodeJson, encodeJson } from "../json.ts";

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
    const next = "Ask again with a higher version";
    throw notCreated(fence, `whether version ${version} is claimed is not known`, { version, key, next });
  }
  const holder = decodeJson(fence.body);
  // rule: one-incarnation-a-version
  if (holder?.["incarnation"] === incarnation) return;
  const who = holder?.["instanceId"];
  const isNamesake = who === instanceId;
  const by = typeof who === "string" ? who : "somebody";
  const message = `version ${version} was claimed by ${by}${isNamesake ? ", another process or an earlier life" : ""}`;
  throw new StateError("StaleVersion", message, { sealed: "unknown", version, key, next: claimHigher });
}

export const claimHigher = "Call takeover with a higher version, if this process is to lead";

/** @throws `StaleVersion` unless the fence of `version` is the highest */
export function checkHighest(version: number, { fence, fences }: Control): void {
  if (fence > version) {
    const message = `version ${fence} was claimed, ${version} is too low`;
    throw new StateError("StaleVersion", message, { sealed: "unknown", version: fence, next: claimHigher });
  }
  // rule: own-fence-unseen-ends-takeover
  if (!fences.has(version)) {
    const message = `${fenceKey(version)} is gone, so higher versions than ${version} were claimed`;
    throw new StateError("StaleVersion", message, { sealed: "unknown", version, next: claimHigher });
  }
}
