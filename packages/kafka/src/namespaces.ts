import type { TopicPartition } from "./record.ts";

/**
 * Where a partition's namespace is beneath a bucket or a folder: `jobs/<group>/<topic>/p=<n>`. Characters of the group's
 * name that are special in paths are written in percent-encoding.
 *
 * @throws `TypeError` for a group or topic named `.` or `..`, or without a name
 */
export function partitionPrefix(groupId: string, { topic, partition }: TopicPartition): string {
  if (!Number.isSafeInteger(partition) || partition < 0)
    throw new RangeError(`partition ${partition} is not a number from 0 on`);
  return `jobs/${segment("group", groupId)}/${segment("topic", topic)}/p=${partition}`;
}

function segment(what: string, name: string): string {
  if (name === "" || name === "." || name === "..")
    throw new TypeError(`${what} ${JSON.stringify(name)} cannot be part of a path`);
  return encodeURIComponent(name);
}
