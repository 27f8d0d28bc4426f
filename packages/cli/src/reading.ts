import { isStateError, ObjectStoreBackend, type Seal, type SealedPartial } from "@state/core";
import type { VerifyProgress } from "@state/core/verify";
import type { Call } from "./command.ts";
import { bytesText, count } from "./output.ts";

/** A backend that changes nothing. @throws `NamespaceAbsent` if there are no checkpoints */
export async function openReader({ store, instanceId, signal }: Call): Promise<ObjectStoreBackend> {
  return ObjectStoreBackend.open({
    store,
    instanceId,
    readOnly: true,
    mustExist: true,
    concurrency: 16,
    signal,
  });
}

/** If nothing at all is there, then the path is mistyped. Damage is not looked for. @throws `NamespaceAbsent` */
export async function checkNotEmpty(call: Call): Promise<void> {
  const { store, signal } = call;
  for await (const { objects, prefixes } of store.list("", { delimiter: "/", signal }))
    if (objects.length + prefixes.length > 0) return;
  await (await openReader(call)).close();
}

/** A backend that writes, for the namespace as it is. */
export async function openWriter(call: Call): Promise<ObjectStoreBackend> {
  const { store, instanceId, signal } = call;
  const reader = await openReader(call);
  const { vnodeCapacity } = reader;
  await reader.close();
  return ObjectStoreBackend.open({
    store,
    instanceId,
    vnodeCapacity,
    mustExist: true,
    concurrency: 16,
    signal,
  });
}

/** An epoch's seal. Of an epoch that is pruned meanwhile there is none. */
export async function sealUnlessPruned(
  backend: ObjectStoreBackend,
  epoch: number,
  signal: AbortSignal,
): Promise<Seal | undefined> {
  try {
    return (await backend.sealed(epoch, { signal }))?.seal;
  } catch (error) {
    if (isStateError(error) && error.code === "EpochPruned") return undefined;
    throw error;
  }
}

/** What a seal has of its own, and what it takes over from earlier epochs. */
export interface SealSizes {
  readonly vnodes: number;
  readonly bytes: number;
  readonly ownBytes: number;
}

export function sizesOf(seal: Seal): SealSizes {
  let [bytes, ownBytes] = [0, 0];
  for (const entry of [...seal.partials, ...seal.attachments]) {
    bytes += entry.size;
    ownBytes += ownBytesOf(entry, seal.epoch);
  }
  return { vnodes: seal.partials.length, bytes, ownBytes };
}

type Entry = SealedPartial | Seal["attachments"][number];

/** How much of an entry was written in this epoch. */
export function ownBytesOf(entry: Entry, epoch: number): number {
  if ("chunks" in entry && entry.chunks !== undefined)
    return entry.chunks.reduce((sum, { key, size }) => sum + (epochOf(key) === epoch ? size : 0), 0);
  return originOf(entry) === epoch ? entry.size : 0;
}

/** The epoch in which it was written. */
export function originOf(entry: Entry): number {
  return entry.key === undefined ? entry.writtenAt : epochOf(entry.key);
}

function epochOf(key: string): number {
  return Number(/^epoch=(\d+)\//.exec(key)?.[1] ?? -1);
}

/** Where an entry's bytes are, for a person. */
export function placeOf(entry: Entry): string {
  if ("inline" in entry && entry.inline !== undefined) return "in the seal";
  if ("chunks" in entry && entry.chunks !== undefined) return `${entry.chunks.length} chunks`;
  return entry.key;
}

/** How much a verification has seen. */
export function lookedAt({ sealed, objects, bytes }: VerifyProgress): string {
  return `${count(sealed, "sealed epoch")}, ${count(objects, "object")}, ${bytesText(bytes)}`;
}
