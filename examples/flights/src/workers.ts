import type { PartialReceipt } from "@state/core";
import type { Cut, FromLeader, Order, Reply } from "./messages.ts";
import { receive, send } from "./parent-channel.ts";

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
  readonly #replies = receive<Reply>();

  constructor(count: number) {
    this.#count = count;
  }

  /** Resolves when every worker has its vnodes as they were in the epoch `base`. */
  async restore(base: number | undefined): Promise<void> {
    await this.#order({ type: "restore", base });
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
    const replies: Reply[] = [];
    while (replies.length < this.#count) {
      const { value, done } = await this.#replies.next();
      if (done) throw new Error("the channel to the workers is closed");
      replies.push(value[0]);
    }
    return replies;
  }
}
