import type { PartialReceipt } from "@state/core";
import { received, send } from "./channel.ts";
import type { Cut, FromLeader, Order, Reply } from "./messages.ts";

/** What all workers together have to say about an epoch. */
export interface CutEpoch {
  readonly parts: readonly PartialReceipt[];
  readonly unchanged: readonly number[];
  readonly files: readonly string[];
}

/** The leader's workers. One order at a time; a worker that dies never answers, and the supervisor ends the wait. */
export class Workers {
  readonly #count: number;
  readonly #replies = received<Reply>();

  constructor(count: number) {
    this.#count = count;
  }

  /** Every worker has its vnodes as they were in the epoch `base`. */
  async restore(base: number | undefined): Promise<void> {
    await this.#ask({ type: "restore", base });
  }

  /** Every worker has processed its flights of the rows, and their effects are durable; nothing is sealed yet. */
  async cut(cut: Cut): Promise<CutEpoch> {
    const replies = (await this.#ask({ type: "cut", ...cut })).filter((reply) => reply.type === "cut");
    return {
      parts: replies.flatMap((reply) => reply.parts),
      unchanged: replies.flatMap((reply) => reply.unchanged),
      files: replies.map((reply) => reply.file),
    };
  }

  async #ask(order: Order): Promise<readonly Reply[]> {
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
