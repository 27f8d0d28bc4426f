import type { Row, Side, Skip } from "./harness.ts";
import { latencies, type Machine } from "./machine.ts";
import { startNodeSide } from "./process-side.ts";
import { oursName, seedName } from "./rows-checkpoint.ts";
import type { LatestTask, PruneTask } from "./sides/backend.ts";

type SideName = "ours" | "seed";

const shape = { vnodes: 256, bytes: 64, atOnce: 32, epochs: 200, before: 200 };
const written = `${shape.epochs} epochs of ${shape.vnodes} vnodes`;

/** The newest epoch of a long history, and the prune of all others, with options as they come. */
export function historyRows(machine: Machine): readonly Row[] {
  const history = new History(machine);
  return (["latest", "prune"] as const).flatMap((task) =>
    latencies.map((latency): Row => {
      const start = (side: SideName) => () => history.start(task, side, latency);
      return {
        id: `history/${task}-${latency}`,
        title: `${task} of ${written}: memory-s3, each request after ${latency}`,
        notes: () => ["CPU an object: of all objects for latest, of those deleted for prune"],
        columns: { ms: "ms", cpuUs: "CPU us an object" },
        isFresh: task === "prune",
        sides: [
          { name: oursName, start: start("ours") },
          { name: seedName, start: start("seed") },
        ],
      };
    }),
  );
}

/** Each side writes its history once; each prune has a copy of it. */
class History {
  readonly #machine: Machine;
  readonly #written = new Map<SideName, Promise<Skip | undefined>>();
  #copies = 0;

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  async start(task: "latest" | "prune", side: SideName, latency: string): Promise<Side | Skip> {
    const { memoryS3 } = this.#machine;
    if (memoryS3.skip !== undefined) return memoryS3.skip;
    const history = `history-${side}`;
    if (!this.#written.has(side)) this.#written.set(side, this.#write(side, history));
    const skip = await this.#written.get(side);
    if (skip !== undefined) return skip;
    if (task === "latest") return this.#run(side, task, history, latency);
    this.#copies += 1;
    const copy = `${history}-${this.#copies}`;
    await memoryS3.copy(history, copy);
    return this.#run(side, task, copy, latency);
  }

  async #write(side: SideName, bucket: string): Promise<Skip | undefined> {
    const started = await this.#run(side, "latest", bucket, latencies[0]);
    if ("skip" in started) return started;
    await started.end();
    return undefined;
  }

  async #run(
    side: SideName,
    task: "latest" | "prune",
    bucket: string,
    latency: string,
  ): Promise<Side | Skip> {
    const place = await this.#machine.memoryS3.bucket(bucket, latency);
    const fill = await this.#machine.memoryS3.bucket(bucket, latencies[0]);
    const all: LatestTask | PruneTask = { task, place, fill, ...shape };
    return side === "ours" ? startNodeSide("backend", all) : this.#machine.seed.start(all);
  }
}
