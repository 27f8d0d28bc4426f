import { setTimeout as sleep } from "node:timers/promises";
import { isStateError, type ObjectStore, ObjectStoreBackend, type StateErrorCode } from "@state/core";
import { FolderStore, Reach } from "./folder-store.ts";
import { Findings, type Led, now, type Released, type Task } from "./messages.ts";

/** The vnodes of the job that the processes fight for. */
export const vnodeCapacity = 3;

/** However long they take. */
const fewestLives = 4;
const epochsALife = 3;

/** With what a leader that was deposed, or whose epoch somebody else has ended, has to be refused. */
const refusals: ReadonlySet<StateErrorCode> = new Set([
  "StaleVersion",
  "SplitBrainCommit",
  "EpochAborted",
  "EpochSealed",
  "EpochPruned",
  // The store was busy: nothing is wrong, and nothing is known.
  "OutcomeUnknown",
  "StoreFailed",
] as const);

/** What a leader writes into a vnode: little into the first, and tens of kilobytes into the last. */
export function stateOf(epoch: number, vnode: number, instanceId: string): Uint8Array {
  return new TextEncoder().encode(`${epoch}/${vnode}/${instanceId}\n`.repeat(1 + vnode * 2_000));
}

/** Leads the job for some epochs, or is its operator for a while; and again, while other processes do the same. */
export async function lead(
  store: ObjectStore,
  index: number,
  { prefix, forMs }: Extract<Task, { readonly name: "lead" }>,
): Promise<Led> {
  const until = performance.now() + forMs;
  const work = new Work(new FolderStore(store, prefix, new Reach()), index);
  let longest = 0;
  for (let life = 0; life < fewestLives || performance.now() < until; life += 1) {
    const began = performance.now();
    await work.live(`process-${index}-${life}`, (index + life) % 3 === 2 ? "operator" : "leader");
    longest = Math.max(longest, performance.now() - began);
    // Processes that took over at every moment would only depose one another.
    await sleep(Math.max(0, Math.min(Math.random() * longest, until - performance.now())));
  }
  return work.led;
}

type Role = "leader" | "operator";

/** What one process does to the job, and what it was told. */
class Work {
  readonly #job: ObjectStore;
  readonly #index: number;
  readonly #findings = new Findings();
  readonly #released: Released[] = [];
  readonly #aborted = new Set<number>();
  #takeovers = 0;
  #prunes = 0;
  #refused = 0;

  constructor(job: ObjectStore, index: number) {
    this.#job = job;
    this.#index = index;
  }

  get led(): Led {
    return {
      takeovers: this.#takeovers,
      released: this.#released,
      aborted: [...this.#aborted],
      prunes: this.#prunes,
      refused: this.#refused,
      ...this.#findings.result,
    };
  }

  async live(instanceId: string, role: Role): Promise<void> {
    await this.#unlessRefused(instanceId, async () => {
      await using backend = await ObjectStoreBackend.open({ store: this.#job, instanceId, vnodeCapacity });
      if (role === "leader") await this.#lead(backend);
      else await this.#operate(backend);
    });
  }

  async #lead(backend: ObjectStoreBackend): Promise<void> {
    // By the clock, so that the processes need not agree on it; and no two have the same.
    const version = Math.trunc(now() * 16) * 64 + this.#index;
    const { nextEpoch } = await backend.takeover({ version });
    this.#takeovers += 1;
    for (let epoch = nextEpoch; epoch < nextEpoch + epochsALife; epoch += 1)
      await this.#seal(backend, version, epoch);
    await backend.prune({ keep: 4 });
    this.#prunes += 1;
  }

  async #seal(backend: ObjectStoreBackend, version: number, epoch: number): Promise<void> {
    const { instanceId } = backend;
    const write = (vnode: number): ReturnType<ObjectStoreBackend["writePartial"]> =>
      backend.writePartial({
        epoch,
        vnode,
        assignmentVersion: version,
        bytes: stateOf(epoch, vnode, instanceId),
      });
    const parts = await Promise.all(Array.from({ length: vnodeCapacity }, (_, vnode) => write(vnode)));
    const { complete } = await backend.epochComplete({ epoch, parts });
    if (complete) this.#released.push({ epoch, instanceId });
    else this.#findings.add(`${instanceId} passed every part of epoch ${epoch}, and it is not complete`);
  }

  /** Makes void what some leader is about to seal: both create the same object. */
  async #operate(backend: ObjectStoreBackend): Promise<void> {
    for (let turn = 0; turn < 4 * epochsALife; turn += 1) {
      await this.#unlessRefused(backend.instanceId, async () => {
        const epoch = ((await backend.latestCommittedEpoch()) ?? -1) + 1;
        await backend.abort(epoch);
        this.#aborted.add(epoch);
      });
    }
  }

  async #unlessRefused(instanceId: string, call: () => Promise<void>): Promise<void> {
    try {
      await call();
    } catch (error) {
      if (isStateError(error) && refusals.has(error.code)) this.#refused += 1;
      else this.#findings.add(`${instanceId}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}
