import { ObjectStoreBackend, type SealedEpoch, type StateBackend } from "@state/core";
import { decodeOffset, decodeOutputs, offsetAttachment, outputsAttachment } from "./attachments.ts";
import { closeAll } from "./closing.ts";
import { KafkaError } from "./errors.ts";
import type { JobSettings } from "./options.ts";
import type { SealedOutputs } from "./output.ts";
import { nameOf, type TopicPartition } from "./record.ts";

/** A partition's backend, and the epoch from which it goes on. */
export interface Opened {
  readonly backend: StateBackend;
  /** The version that was claimed; 0 if none was. */
  readonly version: number;
  readonly nextEpoch: number;
  readonly base: Base | undefined;
}

export interface Base {
  readonly sealed: SealedEpoch;
  readonly next: bigint;
  readonly outputs: SealedOutputs;
}

/** Opens the partition's namespace and, unless it is only to be restored, claims the version above all others. */
export async function openPartition(
  settings: JobSettings,
  partition: TopicPartition,
  signal: AbortSignal,
): Promise<Opened> {
  const { restoreOnly } = settings;
  const backend = await ObjectStoreBackend.open({
    ...settings.backend,
    store: await settings.store(partition),
    instanceId: settings.instanceId,
    vnodeCapacity: settings.vnodeCapacity,
    concurrency: settings.concurrency,
    readOnly: restoreOnly,
    signal,
  });
  try {
    const version = restoreOnly ? 0 : backend.authoritativeVersion + 1;
    const { base: sealed, nextEpoch } = restoreOnly
      ? { base: await backend.latest({ signal }), nextEpoch: 0 }
      : await backend.takeover({ version }, { signal });
    if (sealed !== undefined) checkSize(sealed, partition, settings.limits.stateBytes);
    const base = sealed === undefined ? undefined : await readBase(sealed, partition, signal);
    return { backend, version, nextEpoch, base };
  } catch (error) {
    await closeAll(settings, partition, [backend]);
    throw error;
  }
}

/** The sealed epoch with its attachments. */
export async function readBase(
  sealed: SealedEpoch,
  partition: TopicPartition,
  signal?: AbortSignal,
): Promise<Base> {
  const [offset, outputs] = await Promise.all([
    sealed.readAttachment(offsetAttachment, { signal }),
    sealed.readAttachment(outputsAttachment, { signal }),
  ]);
  if (offset === undefined)
    throw new Error(
      `epoch ${sealed.epoch} of ${nameOf(partition)} has no ${offsetAttachment}: another program has sealed it`,
    );
  const next = decodeOffset(offset, partition);
  return {
    sealed,
    next,
    outputs: {
      epoch: sealed.epoch,
      incarnation: sealed.seal.incarnation ?? "",
      next,
      records: outputs === undefined ? [] : decodeOutputs(outputs),
    },
  };
}

function checkSize({ epoch, seal }: SealedEpoch, partition: TopicPartition, limit: number): void {
  const size = seal.partials.reduce((sum, partial) => sum + (partial.plain?.size ?? partial.size), 0);
  if (size > limit)
    throw new KafkaError(
      "LimitExceeded",
      partition,
      `the state of epoch ${epoch} is ${size} bytes, and stateBytes is ${limit}`,
    );
}
