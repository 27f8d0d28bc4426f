import type { Control } from "../../control.ts";
import { ensure, notCreated } from "../../create-or-read-back.ts";
import { floorKey } from "../../layout.ts";
import type { Namespace } from "../../namespace.ts";
import { encodeJson } from "../../json.ts";
import type { Deletions } from "./deletions.ts";

/** Nothing is deleted before the floor is known to be there: it is what tells readers "pruned" from "lost". */
export async function publishFloor(
  namespace: Namespace,
  horizon: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { client } = namespace;
  const key = floorKey(horizon);
  const body = encodeJson({ format: 1, floor: horizon, at: Date.now() });
  const floor = await ensure(client, key, body, client.operation(signal, body.length));
  // rule: floor-is-known-before-deletes
  if (floor.outcome === "refused" || floor.outcome === "unknown") {
    const message = `whether the floor ${horizon} is published is not known, so nothing was deleted`;
    throw notCreated(floor, message, { key, next: "Prune again" });
  }
  namespace.report("pruned", { epoch: horizon });
}

/**
 * Deletes fences and floors that are surplus. What the listing shows existed, so this is right even if the listing left
 * out some: a control with so many higher ones never counts again.
 */
export async function deleteSurplus({ surplus }: Control, deletions: Deletions): Promise<void> {
  await deletions.deleteKeys(surplus);
}
