import type { Row, Side, Skip } from "./harness.ts";
import type { Machine } from "./machine.ts";
import { startNodeSide } from "./process-side.ts";
import { checkpointShape, oursName, seedName } from "./rows-checkpoint.ts";
import type { EpochsTask, MemoryTask } from "./sides/backend.ts";

/** What a checkpoint takes of memory, and whether a thousand take more. */
export function memoryRows(machine: Machine): readonly Row[] {
  return [
    rowOf(machine, {
      id: "memory/checkpoint",
      title: "memory: the first checkpoint of 256 x 64 KiB, 32 at once, of a process: memory-s3",
      notes: () => ["the caller holds 64 KiB; the peak of the resident memory is above what it was before"],
      columns: { peakMib: "MiB of peak", idleMib: "MiB before" },
      isFresh: true,
      task: { task: "memory", warmUpEpochs: 0, epochsARun: 1, ...checkpointShape },
    }),
    rowOf(machine, {
      id: "memory/epochs",
      title: "memory: in use after 500, 1,000 and 2,000 checkpoints of 64 x 4 KiB: memory-s3",
      notes: () => [
        "every 10 epochs a prune keeps 10",
        "ours: live after a collection; LaminarDB: resident, which for Node is whatever V8 has reserved",
      ],
      columns: { used500: "MiB after 500", used1000: "MiB after 1,000", used2000: "MiB after 2,000" },
      maxRounds: 1,
      isFresh: true,
      task: {
        task: "epochs",
        vnodes: 64,
        bytes: 4_096,
        atOnce: 32,
        marks: [500, 1_000, 2_000],
        pruneEvery: 10,
        keep: 10,
      },
    }),
  ];
}

type Task = Omit<MemoryTask, "place" | "warmUp"> | Omit<EpochsTask, "place">;

let buckets = 0;

/** Each process has a bucket of its own: what an earlier one wrote would be less work, or more. */
function rowOf(machine: Machine, { task, ...row }: Omit<Row, "sides"> & { readonly task: Task }): Row {
  const start = async (run: (task: object) => Promise<Side | Skip>): Promise<Side | Skip> => {
    if (machine.memoryS3.skip !== undefined) return machine.memoryS3.skip;
    buckets += 1;
    const place = await machine.memoryS3.bucket(`memory-${buckets}`);
    return run({ ...task, place, warmUp: place });
  };
  return {
    ...row,
    sides: [
      { name: oursName, start: () => start((each) => startNodeSide("backend", each)) },
      { name: seedName, start: () => start((each) => machine.seed.start(each)) },
    ],
  };
}
