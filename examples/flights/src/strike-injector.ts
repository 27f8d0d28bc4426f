import type { ObjectStore } from "@state/core";
import type { Cut, FromLeader } from "./messages.ts";
import { send } from "./parent-channel.ts";
import type { Point, Strike } from "./strike-plan.ts";

const partial = /\/partial\.([0-9a-f]{64}\.)?bin$/;

/**
 * Carries out the strike of one process, within that process. The job's code calls `enter` and
 * `at`; the requests to the store are counted by a store that wraps the job's.
 */
export class StrikeInjector {
  readonly #who: Strike["victim"];
  #strike: Strike | undefined;
  #cut: Cut = { epoch: -1, from: 0, to: 0 };
  #reached = 0;

  constructor(who: Strike["victim"]) {
    this.#who = who;
  }

  /** From now on the process is to meet the strike, if it is the victim. */
  expect(strike: Strike | undefined): void {
    if (strike?.victim === this.#who) this.#strike = strike;
  }

  /** The process begins an epoch. */
  async enter(cut: Cut): Promise<void> {
    this.#cut = cut;
    await this.at("at the start of an epoch");
  }

  /** The process has reached `point`: if its strike is here, this call does not return. */
  async at(point: Point, last?: () => unknown): Promise<void> {
    const strike = this.#strike;
    if (strike?.point !== point || this.#cut.to < strike.record) return;
    this.#reached += 1;
    if (this.#reached !== strike.request) return;

    const { epoch, to } = this.#cut;
    await send({
      to: "supervisor",
      message: { type: "struck", strike, epoch, to },
    } satisfies FromLeader);
    last?.();
    process.kill(process.pid, strike.action === "kill" ? "SIGKILL" : "SIGSTOP");
  }

  /** A store whose requests reach the points that are named after them. */
  wrap(store: ObjectStore): ObjectStore {
    return {
      name: store.name,
      create: async (key, body, options) => {
        if (partial.test(key)) {
          // The process is killed when the request is on its way, before the response.
          await this.at("in the middle of a partial", () => store.create(key, body, options));
        }
        const isSeal = key === `epoch=${this.#cut.epoch}/_COMMIT`;
        if (isSeal) await this.at("before _COMMIT");
        const outcome = await store.create(key, body, options);
        if (isSeal) await this.at("after _COMMIT");
        return outcome;
      },
      get: (key, options) => store.get(key, options),
      list: (prefix, options) => store.list(prefix, options),
      delete: async (keys, options) => {
        if (keys.some((key) => key.startsWith("epoch="))) {
          await this.at("in the middle of a prune", () => store.delete(keys, options));
        }
        return store.delete(keys, options);
      },
    };
  }
}
