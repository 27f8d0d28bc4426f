import type { JobEvent } from "../../src/events.ts";
import type { GroupMember } from "../../src/group.ts";
import { PlatformaticGroup, PlatformaticProducer } from "../../src/platformatic/index.ts";
import { KafkaJob } from "../../src/job.ts";
import type { KafkaJobOptions } from "../../src/options.ts";
import { TransactionalOutput } from "../../src/transactional-output.ts";
import { EmittingTask } from "./emitting-task.ts";
import { KafkaJsGroup } from "./kafkajs-group.ts";
import type { RealTopics } from "./real-topics.ts";

/** The least that the tests' broker allows is a second; a busy machine needs more to be heard. */
const sessionTimeoutMs = 10_000;

export type Client = "@platformatic/kafka" | "kafkajs";

export function groupOf(client: Client, topics: RealTopics, name: string): GroupMember {
  const { groupId, input } = topics;
  return client === "kafkajs"
    ? new KafkaJsGroup({
        brokers: topics.client.bootstrapBrokers,
        clientId: name,
        groupId,
        topics: [input],
        sessionTimeoutMs,
      })
    : new PlatformaticGroup({
        client: { ...topics.client, clientId: name },
        groupId,
        topics: [input],
        sessionTimeoutMs,
        maxWaitMs: 100,
      });
}

/** A job on a real broker. */
export interface RealMember {
  readonly job: KafkaJob;
  readonly events: JobEvent[];
  /** Resolves when it holds: asked after each event. */
  until(holds: () => boolean): Promise<void>;
}

export async function startMember(
  group: GroupMember,
  topics: RealTopics,
  store: KafkaJobOptions["store"],
  { name, onEvent }: { readonly name: string; readonly onEvent?: (event: JobEvent) => void },
): Promise<RealMember> {
  const events: JobEvent[] = [];
  const waiting = new Set<() => void>();
  const job = await KafkaJob.start({
    group,
    store,
    instanceId: name,
    task: ({ partition }) => new EmittingTask(topics.output, partition),
    outputs: [
      new TransactionalOutput({
        producer: (partition, ids) => new PlatformaticProducer({ client: topics.client, partition, ...ids }),
      }),
    ],
    checkpoint: { everyMs: 100 },
    onEvent(event) {
      events.push(event);
      onEvent?.(event);
      for (const check of waiting) check();
    },
  });
  const until = async (holds: () => boolean): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const check = (): void => {
      if (holds()) resolve();
    };
    waiting.add(check);
    check();
    await promise;
    waiting.delete(check);
  };
  return { job, events, until };
}

/** Whether a partition's outputs are released up to there. */
export function hasReleased({ events }: RealMember, partition: number, next: bigint): boolean {
  const released = events.filter(
    (event) => event.type === "released" && event.partition.partition === partition,
  );
  return events.some(
    (event) =>
      event.type === "sealed" &&
      event.partition.partition === partition &&
      event.next >= next &&
      released.some((one) => one.type === "released" && one.epoch >= event.epoch),
  );
}

/** Whether it has restored a partition, or sealed it, up to there. */
export function holdsUpTo({ events }: RealMember, partition: number, next: bigint): boolean {
  return events.some(
    (event) =>
      (event.type === "restored" || event.type === "sealed") &&
      event.partition.partition === partition &&
      (event.next ?? 0n) >= next,
  );
}
