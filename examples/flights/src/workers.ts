import type { PartialReceipt } from "@state/core";
import type { Cut, FromLeader, Order, Reply, Term, ToLeader } from "./messages.ts";
import { send } from "./parent-channel.ts";

/** The replies of all workers to a cut, put together. */
export interface CutEpoch {
  readonly parts: readonly PartialReceipt[];
  readonly unchanged: readonly number[];
  readonly files: readonly string[];
}

/**
 * The leader's view of its workers. It sends one order at a time and waits for every reply. If a
 * worker dies, its reply never comes, and the supervisor kills the leader.
 */
export class Workers {
  readonly #count: number;
  readonly #inbox: AsyncIterator<[ToLeader]>;

  /** @param inbox what the leader is sent, by its workers alone while a method of this class runs */
  constructor(count: number, inbox: AsyncIterator<[ToLeader]>) {
    this.#count = count;
    this.#inbox = inbox;
  }

  /** Resolves when every worker has started. */
  async ready(): Promise<void> {
    await this.#replies();
  }

  /** Resolves when every worker has its vnodes as they were in the epoch `base`. */
  async restore(base: number | undefined, term: Term): Promise<void> {
    await this.#order({ type: "restore", base, ...term });
  }

  /** Resolves when every worker has processed its flights of the rows, durably. Nothing is sealed yet. */
  async cut(cut: Cut): Promise<CutEpoch> {
    const replies = (await this.#order({ type: "cut", ...cut })).filter((reply) => reply.type === "cut");
    return {
      parts: replies.flatMap((reply) => reply.parts),
      unchanged: replies.flatMap((reply) => reply.unchanged),
      files: replies.map((reply) => reply.file),
    };
  }

  async #order(order: Order): Promise<readonly Reply[]> {
    await send({ to: "workers", order } satisfies FromLeader);
    return this.#replies();
  }

  async #replies(): Promise<readonly Reply[]> {
    const replies: Reply[] = [];
    while (replies.length < this.#count) {
      const { value, done } = await this.#inbox.next();
      if (done === true) throw new Error("the channel to the workers is closed");
      const [reply] = value;
      if (reply.type !== "commission") replies.push(reply);
    }
    return replies;
  }
}
