import type { ListPage, ObjectStore } from "@state/core";
import type { Point, Strike } from "./chaos.ts";
import { send } from "./channel.ts";
import type { Cut, FromLeader } from "./messages.ts";

const partial = /\/partial\.([0-9a-f]{64}\.)?bin$/;

/**
 * Carries a strike out within the process that it is for. The job's own code knows nothing of it, apart from telling
 * where it is; the store's requests are counted on their way to the store.
 */
export class Striker {
  readonly #strike: Strike | undefined;
  #cut: Cut = { epoch: -1, from: 0, to: 0 };
  #reached = 0;

  constructor(strike: Strike | undefined) {
    this.#strike = strike;
  }

  /** The process begins an epoch. */
  async enter(cut: Cut): Promise<void> {
    this.#cut = cut;
    await this.at("at the start of an epoch");
  }

  /** The process has come to `point`, and may not come back from it. */
  async at(point: Point, last?: () => unknown): Promise<void> {
    const strike = this.#strike;
    if (strike?.point !== point || this.#cut.to < strike.record) return;
    this.#reached += 1;
    if (this.#reached !== strike.request) return;

    const { epoch, to } = this.#cut;
    await send({
      to: "supervisor",
      news: { type: "struck", strike, epoch, to },
    } satisfies FromLeader);
    last?.();
    process.kill(process.pid, strike.action === "kill" ? "SIGKILL" : "SIGSTOP");
  }

  /** A store which is struck at the requests that the points are named after. */
  wrap(store: ObjectStore): ObjectStore {
    return {
      name: store.name,
      create: async (key, body, options) => {
        if (partial.test(key)) {
          // The request is on its way, like those of the epoch's other partials, and nobody is left to hear the answer.
          await this.at("in the middle of a partial", () => store.create(key, body, options));
        }
        const isSeal = key === `epoch=${this.#cut.epoch}/_COMMIT`;
        if (isSeal) await this.at("before _COMMIT");
        const answer = await store.create(key, body, options);
        if (isSeal) await this.at("after _COMMIT");
        return answer;
      },
      get: (key, options) => store.get(key, options),
      list: (prefix, options) => this.#list(store, prefix, options),
      delete: async (keys, options) => {
        if (keys.some((key) => key.startsWith("epoch="))) {
          await this.at("in the middle of a prune", () => store.delete(keys, options));
        }
        return store.delete(keys, options);
      },
    };
  }

  async *#list(
    ...[store, prefix, options]: [ObjectStore, ...Parameters<ObjectStore["list"]>]
  ): AsyncGenerator<ListPage> {
    // The first thing that sealing an epoch does is to look at it.
    if (prefix === `epoch=${this.#cut.epoch}/`) await this.at("receipts in hand");
    yield* store.list(prefix, options);
  }
}
