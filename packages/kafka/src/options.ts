import type { ObjectStore, OpenOptions } from "@state/core";
import { type Clock, systemClock } from "./clock.ts";
import type { JobEvent } from "./events.ts";
import type { GroupMember } from "./group.ts";
import type { Output } from "./output.ts";
import type { TopicPartition } from "./record.ts";
import type { PartitionTask } from "./task.ts";

export interface KafkaJobOptions {
  readonly group: GroupMember;
  /** The store of a partition's own namespace: its prefix comes from `partitionPrefix`. */
  readonly store: (partition: TopicPartition) => ObjectStore | Promise<ObjectStore>;
  /** Names this process among its peers, as in `ObjectStoreBackend.open`. */
  readonly instanceId: string;
  /** A new task each time that this member takes a partition over. */
  readonly task: (partition: TopicPartition) => PartitionTask;
  /** How many vnodes a task's captures have at most; the same for ever. Default 1. */
  readonly vnodeCapacity?: number | undefined;
  /** Where emitted records go. Each output gets all of them. */
  readonly outputs?: readonly Output[] | undefined;
  /** Where a partition begins of which nothing was sealed yet. Default `"earliest"`. */
  readonly from?: "earliest" | "latest" | undefined;
  readonly checkpoint?: CheckpointOptions | undefined;
  readonly limits?: LimitOptions | undefined;
  /** How many seals of each partition stay; at least 2. Default 10. */
  readonly keep?: number | undefined;
  /** How long a partition that was taken away, or a job that is stopped, may go on to seal. Default 5,000 ms. */
  readonly stopWithinMs?: number | undefined;
  /**
   * Restores each partition and processes its records, but claims nothing, seals nothing and releases nothing: to try a
   * version, or a restore, beside the job. Give it a group of its own, and the stores of the job.
   */
  readonly restoreOnly?: boolean | undefined;
  /** Goes to each partition's backend. */
  readonly backend?:
    | Pick<OpenOptions, "codecs" | "chunkBytes" | "retry" | "verifyObjects" | "onEvent">
    | undefined;
  /** Called synchronously. What it throws becomes an uncaught error, and ends nothing here. */
  readonly onEvent?: ((event: JobEvent) => void) | undefined;
  readonly clock?: Clock | undefined;
}

export interface CheckpointOptions {
  /** A partition is sealed so long after the first record that is not sealed yet. Default 10,000 ms. */
  readonly everyMs?: number | undefined;
  /** Or after so many records. Default: any number. */
  readonly everyRecords?: number | undefined;
  /**
   * How many requests to the stores are in flight at most, of all partitions together, readings and prunes included. If it
   * does not suffice, the partition that is dirty for the longest time is sealed first. Default 32.
   */
  readonly requests?: number | undefined;
}

/** Bytes. What exceeds one is `LimitExceeded`, and is not sealed. */
export interface LimitOptions {
  /** What one capture gives, and what a restore reads. Default: any number. */
  readonly stateBytes?: number | undefined;
  /** What one capture becomes in the store, after codecs. Default: any number. */
  readonly storedBytes?: number | undefined;
  /** Emitted records that are not sealed yet: then the partition is sealed at once, and waits. Default 8 MiB. */
  readonly outputBytes?: number | undefined;
}

/** The options, checked, with their defaults. */
export interface JobSettings {
  readonly group: GroupMember;
  readonly store: KafkaJobOptions["store"];
  readonly instanceId: string;
  readonly task: KafkaJobOptions["task"];
  readonly vnodeCapacity: number;
  readonly outputs: readonly Output[];
  readonly from: "earliest" | "latest";
  readonly everyMs: number;
  readonly everyRecords: number;
  /** Partitions that are opened or sealed at once. */
  readonly slots: number;
  /** Requests that one of them has in flight. */
  readonly concurrency: number;
  readonly limits: Readonly<Record<keyof LimitOptions, number>>;
  readonly keep: number;
  readonly stopWithinMs: number;
  readonly restoreOnly: boolean;
  readonly backend: NonNullable<KafkaJobOptions["backend"]>;
  readonly onEvent: (event: JobEvent) => void;
  readonly clock: Clock;
}

const mostRequestsOfAPartition = 8;

/** @throws `TypeError`, `RangeError` */
export function checkOptions(options: KafkaJobOptions): JobSettings {
  const { checkpoint = {}, limits = {} } = options;
  for (const name of ["store", "task"] as const)
    if (typeof options[name] !== "function") throw new TypeError(`${name} is not a function`);
  const requests = count("checkpoint.requests", checkpoint.requests, 32, 1);
  const concurrency = Math.min(mostRequestsOfAPartition, requests);
  const { from = "earliest" } = options;
  if (from !== "earliest" && from !== "latest")
    throw new TypeError(`from is neither "earliest" nor "latest": ${String(from)}`);
  return {
    group: options.group,
    store: options.store,
    instanceId: options.instanceId,
    task: options.task,
    vnodeCapacity: count("vnodeCapacity", options.vnodeCapacity, 1, 1),
    outputs: options.outputs ?? [],
    from,
    everyMs: count("checkpoint.everyMs", checkpoint.everyMs, 10_000, 0),
    everyRecords: count("checkpoint.everyRecords", checkpoint.everyRecords, Infinity, 1),
    slots: Math.max(1, Math.floor(requests / concurrency)),
    concurrency,
    limits: {
      stateBytes: count("limits.stateBytes", limits.stateBytes, Infinity, 1),
      storedBytes: count("limits.storedBytes", limits.storedBytes, Infinity, 1),
      outputBytes: count("limits.outputBytes", limits.outputBytes, 8 * 2 ** 20, 1),
    },
    keep: count("keep", options.keep, 10, 2),
    stopWithinMs: count("stopWithinMs", options.stopWithinMs, 5_000, 0),
    restoreOnly: options.restoreOnly ?? false,
    backend: options.backend ?? {},
    onEvent: guarded(options.onEvent),
    clock: options.clock ?? systemClock,
  };
}

function count(name: string, value: number | undefined, otherwise: number, least: number): number {
  if (value === undefined) return otherwise;
  if (!Number.isSafeInteger(value) || value < least)
    throw new RangeError(`${name} is not a whole number from ${least} on: ${value}`);
  return value;
}

/** What a listener throws is its owner's, and must not end a partition. */
function guarded(onEvent: ((event: JobEvent) => void) | undefined): (event: JobEvent) => void {
  if (onEvent === undefined) return () => undefined;
  return (event) => {
    try {
      onEvent(event);
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  };
}
