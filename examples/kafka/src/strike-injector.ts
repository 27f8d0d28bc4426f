import { tracingChannel } from "node:diagnostics_channel";
import type { ObjectStore } from "@state/core";
import type { PartitionTask, TransactionalProducer } from "@state/kafka";
import type { Blow } from "./messages.ts";
import type { Point } from "./points.ts";
import { report } from "./supervisor-channel.ts";

/** Requests of Kafka's protocol, by their numbers. */
const offsetCommit = 8;
const initProducerId = 22;
const endTxn = 26;
const txnOffsetCommit = 28;

/** The points that requests of the client reach when they are sent, and when their responses have come. */
const sent: ReadonlyMap<number, Point> = new Map([
  [txnOffsetCommit, "p6"],
  [endTxn, "p7"],
  [offsetCommit, "p10"],
  [initProducerId, "p12"],
]);
const responded: ReadonlyMap<number, Point> = new Map([
  [endTxn, "p8"],
  [initProducerId, "p13"],
]);

/** Strikes its own process when that has reached a point as often as was ordered. */
export class StrikeInjector {
  #blow: Blow | undefined;
  #reached = 0;
  /** Partitions that have captured in their present tenure: what they write from then on is of an epoch. */
  readonly #capturing = new Set<number>();
  readonly #inTransaction = new Set<number>();

  constructor(blow: Blow | undefined) {
    this.#blow = blow;
    tracingChannel("plt:kafka:connections:api").subscribe({
      start: (message) => this.#request(message, sent),
      asyncStart: (message) => this.#request(message, responded),
      end: () => undefined,
      asyncEnd: () => undefined,
      error: () => undefined,
    });
  }

  arm(blow: Blow): void {
    this.#blow = blow;
    this.#reached = 0;
  }

  /** This process has reached the point. If its strike is here, the call does not return, or only after a pause. */
  at(point: Point, partitions: Iterable<number>): void {
    const blow = this.#blow;
    if (blow?.point !== point) return;
    this.#reached += 1;
    if (this.#reached !== blow.nth) return;
    this.#blow = undefined;
    report({ type: "struck", blow, partitions: [...partitions] });
    process.kill(process.pid, blow.action === "kill" ? "SIGKILL" : "SIGSTOP");
  }

  store(store: ObjectStore, partition: number): ObjectStore {
    this.#capturing.delete(partition);
    return {
      name: store.name,
      create: async (key, body, options) => {
        const isOfAnEpoch = this.#capturing.has(partition) && key.startsWith("epoch=");
        const isSeal = isOfAnEpoch && key.endsWith("/_COMMIT");
        if (isSeal) this.at("p3", [partition]);
        const created = store.create(key, body, options);
        if (isOfAnEpoch && !isSeal) this.at("p2", [partition]);
        const outcome = await created;
        if (isSeal) this.at("p4", [partition]);
        return outcome;
      },
      get: (key, options) => store.get(key, options),
      list: (prefix, options) => store.list(prefix, options),
      delete: async (keys, options) => {
        const deleted = store.delete(keys, options);
        if (this.#capturing.has(partition)) this.at("p11", [partition]);
        return deleted;
      },
    };
  }

  task(task: PartitionTask, partition: number): PartitionTask {
    return {
      restore: async (base) => {
        await task.restore(base);
        this.at("p14", [partition]);
      },
      process: (records, emit) => task.process(records, emit),
      capture: async () => {
        const capture = await task.capture();
        this.#capturing.add(partition);
        this.at("p1", [partition]);
        return capture;
      },
      close: () => task.close?.(),
    };
  }

  producer(producer: TransactionalProducer, partition: number): TransactionalProducer {
    return {
      init: (options) => producer.init(options),
      marker: (options) => producer.marker(options),
      transact: async (records, commit, options) => {
        this.at("p5", [partition]);
        this.#inTransaction.add(partition);
        try {
          await producer.transact(records, commit, options);
        } finally {
          this.#inTransaction.delete(partition);
        }
      },
      close: () => producer.close(),
    };
  }

  #request(message: object, points: ReadonlyMap<number, Point>): void {
    const point = points.get(Number(Reflect.get(message, "apiKey")));
    if (point !== undefined) this.at(point, this.#inTransaction);
  }
}
