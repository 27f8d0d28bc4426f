import type { ObjectStore } from "@state/core";
import type { JobEvent } from "../../src/events.ts";
import { KafkaJob } from "../../src/job.ts";
import type { KafkaJobOptions } from "../../src/options.ts";
import type { Output, SealedOutputs } from "../../src/output.ts";
import type { TopicPartition } from "../../src/record.ts";
import { Bucket, through } from "./bucket.ts";
import { ListingTask } from "./listing-task.ts";
import { Log, Member } from "./log.ts";
import { newestValues } from "./newest.ts";
import { VirtualClock } from "./virtual-clock.ts";

/** An output that only notes what it is asked to release, in the order of asking. */
export class NotingOutput implements Output {
  readonly released: SealedOutputs[] = [];
  readonly opened: (number | undefined)[] = [];
  /** Is awaited before each release. */
  gate: (() => Promise<void>) | undefined;

  async open({ base }: Parameters<Output["open"]>[0]): ReturnType<Output["open"]> {
    this.opened.push(base?.epoch);
    return {
      release: async (outputs) => {
        await this.gate?.();
        this.released.push(outputs);
      },
      close: async () => undefined,
    };
  }

  get values(): readonly string[] {
    return this.released.flatMap(({ records }) =>
      records.map(({ value }) => new TextDecoder().decode(value)),
    );
  }
}

/** A running member, and what the test sees of it. */
export interface Running {
  readonly group: Member;
  readonly job: KafkaJob;
  readonly tasks: ListingTask[];
  readonly events: JobEvent[];
}

/** One topic, one bucket and one clock for any number of members. */
export class World {
  readonly clock: VirtualClock = new VirtualClock();
  readonly log: Log = new Log();
  readonly bucket: Bucket = new Bucket();

  async start(
    partitions: readonly number[],
    options: Partial<KafkaJobOptions> & { readonly makeTask?: () => ListingTask } = {},
  ): Promise<Running> {
    const { makeTask = () => new ListingTask(), ...given } = options;
    const group = new Member(this.log);
    const tasks: ListingTask[] = [];
    const events: JobEvent[] = [];
    await group.assign(...partitions);
    const job = await KafkaJob.start({
      group,
      store: this.bucket.store,
      instanceId: "node-0",
      task: () => {
        const task = makeTask();
        tasks.push(task);
        return task;
      },
      checkpoint: { everyMs: 1_000 },
      clock: this.clock,
      onEvent: (event) => {
        events.push(event);
      },
      ...given,
    });
    return { group, job, tasks, events };
  }

  /** The stores of the bucket, whose requests wait for `before`; it is told `create KEY`, `get KEY`, `list PREFIX` or `delete`. */
  storesAfter(before: (request: string) => void | Promise<void>): KafkaJobOptions["store"] {
    return (partition) =>
      through(
        {
          async step(request, effect) {
            await before(request);
            return effect();
          },
        },
        this.bucket.store(partition),
      );
  }

  partition(partition: number): TopicPartition {
    return this.log.partition(partition);
  }

  store(partition: number): ObjectStore {
    return this.bucket.store(this.partition(partition));
  }

  async newest(partition: number): ReturnType<typeof newestValues> {
    return newestValues(this.store(partition), this.partition(partition));
  }
}

export function eventsOf<T extends JobEvent["type"]>(
  { events }: Running,
  type: T,
): readonly Extract<JobEvent, { type: T }>[] {
  return events.filter((event): event is Extract<JobEvent, { type: T }> => event.type === type);
}
