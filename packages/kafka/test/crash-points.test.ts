import { describe, expect, test } from "vitest";
import { KafkaJob } from "../src/job.ts";
import { TransactionalOutput } from "../src/transactional-output.ts";
import { Bucket, type Requests, through } from "./support/bucket.ts";
import { ListingTask } from "./support/listing-task.ts";
import { Log, Member } from "./support/log.ts";
import { newestValues } from "./support/newest.ts";
import { Transactions } from "./support/transactions.ts";
import { VirtualClock } from "./support/virtual-clock.ts";

const values = ["a", "b", "c", "d", "e", "f", "g"];

type Blow = "dies before" | "dies after" | "is paused before" | "is paused after";

/** Strikes a member at one of its requests, to the store or to the transaction coordinator. */
class Struck implements Requests {
  readonly #at: number;
  readonly #blow: Blow;
  readonly #resumed = Promise.withResolvers<void>();
  #count = 0;

  constructor(at: number, blow: Blow) {
    this.#at = at;
    this.#blow = blow;
  }

  get isStruck(): boolean {
    return this.#count > this.#at;
  }

  resume(): void {
    this.#resumed.resolve();
  }

  async step<T>(_: string, effect: () => Promise<T>): Promise<T> {
    const nth = this.#count++;
    if (nth < this.#at) return effect();
    // The whole process stands still, not only this request.
    if (nth > this.#at || this.#blow.endsWith("before")) {
      await this.#standStill();
      return effect();
    }
    const result = await effect();
    await this.#standStill();
    return result;
  }

  async #standStill(): Promise<void> {
    if (this.#blow.startsWith("dies")) await new Promise(() => undefined);
    await this.#resumed.promise;
  }
}

class World {
  readonly clock = new VirtualClock();
  readonly log = new Log();
  readonly bucket = new Bucket();
  readonly transactions = new Transactions();

  /** @param requests what the member's requests meet */
  async member(instanceId: string, requests: Requests): Promise<{ group: Member; job: KafkaJob }> {
    const group = new Member(this.log);
    await group.assign(0);
    const job = await KafkaJob.start({
      group,
      instanceId,
      store: (partition) => through(requests, this.bucket.store(partition)),
      task: () => new ListingTask(),
      outputs: [
        new TransactionalOutput({
          producer: (partition, { transactionalId }) =>
            this.transactions.producer(partition, transactionalId, (name, effect) =>
              requests.step(name, async () => {
                effect();
              }),
            ),
        }),
      ],
      checkpoint: { everyMs: 100 },
      keep: 2,
      clock: this.clock,
    });
    return { group, job };
  }
}

const unharmed: Requests = { step: (_, effect) => effect() };

/** @returns whether the member got as far as to be struck */
async function strike(at: number, blow: Blow): Promise<boolean> {
  const world = new World();
  const { clock, log, bucket, transactions } = world;
  const requests = new Struck(at, blow);
  const first = await world.member("first", requests);
  // Three epochs, if nothing happens.
  for (const part of [values.slice(0, 2), values.slice(2, 3), values.slice(3, 5)]) {
    log.append(0, ...part);
    await clock.pass(400);
  }
  const { isStruck } = requests;

  const second = await world.member("second", unharmed);
  await clock.until(() => second.job.health()[0]?.state === "running");
  log.append(0, ...values.slice(5));
  await clock.pass(400);
  // It does not know yet that it was deposed, and holds the partition for a while.
  requests.resume();
  await clock.pass(400);
  void first.group.assign();
  await clock.until(() => world.log.committed.get(0) === 7n && second.job.health()[0]?.unsealed === 0n);
  await second.job.stop();

  const newest = await newestValues(bucket.store(log.partition(0)), log.partition(0));
  expect(newest?.values, `${blow} request ${at}`).toEqual(values);
  expect(newest?.next).toBe(7n);
  expect(transactions.committed, `${blow} request ${at}`).toEqual(values);
  return isStruck;
}

describe("whichever request a member is struck at, state and outputs have every record once", () => {
  test.each<Blow>(["dies before", "dies after", "is paused before", "is paused after"])(
    "a member that %s it",
    async (blow) => {
      let at = 0;
      while (await strike(at, blow)) at += 1;
      // Opening, takeover, three epochs and their outputs.
      expect(at).toBeGreaterThan(40);
    },
    120_000,
  );
});
