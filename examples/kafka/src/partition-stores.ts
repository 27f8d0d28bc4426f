import type { ObjectStore } from "@state/core";
import { partitionPrefix, type TopicPartition } from "@state/kafka";
import { openStore } from "flights/store";

/** The store of a partition's namespace, beneath the place that `--store` names. */
export function openPartitionStore(
  url: string,
  groupId: string,
  partition: TopicPartition,
): Promise<ObjectStore> {
  const [place, query] = url.split("?", 2);
  const beneath = `${place}/${partitionPrefix(groupId, partition)}`;
  return openStore(query === undefined ? beneath : `${beneath}?${query}`);
}
