import type { ObjectStore } from "@state/core";
import { PartitionReader } from "../../src/partition-reader.ts";
import type { TopicPartition } from "../../src/record.ts";

/** What a reader finds sealed. */
export async function newestValues(
  store: ObjectStore,
  partition: TopicPartition,
): Promise<
  { readonly epoch: number; readonly next: bigint; readonly values: readonly string[] } | undefined
> {
  const reader = await PartitionReader.open({ partition, store, instanceId: "reader" });
  const newest = await reader.newest();
  const bytes = await newest?.sealed.read(0);
  await reader.close();
  if (newest === undefined) return undefined;
  const values = JSON.parse(new TextDecoder().decode(bytes)) as string[];
  return { epoch: newest.sealed.epoch, next: newest.next, values };
}
