import { createHash } from "node:crypto";

let uuids = 0;
let onUuid: (uuid: string) => void = () => undefined;

/**
 * Ids are random: for a schedule that can be replayed this process gets ids that are counted, and objects that are all of
 * one time. (Digests are there at once, in Node.)
 */
export function installRepeatableGlobals(): void {
  Object.defineProperty(crypto, "randomUUID", { value: countedUuid, configurable: true });
  Object.defineProperty(Date, "now", { value: () => 0, configurable: true });
}

/** The next schedule counts from the start. `listener` is told of every id. */
export function resetUuids(listener: (uuid: string) => void): void {
  uuids = 0;
  onUuid = listener;
}

function countedUuid(): string {
  uuids += 1;
  const uuid = `00000000-0000-4000-8000-${String(uuids).padStart(12, "0")}`;
  onUuid(uuid);
  return uuid;
}

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
