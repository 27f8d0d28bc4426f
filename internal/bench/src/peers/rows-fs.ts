import type { Row } from "./harness.ts";
import type { Machine } from "./machine.ts";
import { startNodeSide } from "./process-side.ts";
import { checkpointColumns, checkpointShape, oursName, seedName, seedNote } from "./rows-checkpoint.ts";
import type { CheckpointTask, Place } from "./sides/backend.ts";
import type { FsCreatesTask } from "./sides/fs-creates.ts";

/** Durable creates, and checkpoints, on a file system. */
export function fsRows(machine: Machine): readonly Row[] {
  return [
    creates(machine, "4"),
    creates(machine, "16"),
    checkpoint(machine, true),
    checkpoint(machine, false),
  ];
}

const createOptions = { bytes: 4_096, atOnce: 32, count: 2_000 };

function creates(machine: Machine, threads: string): Row {
  const node = (client: FsCreatesTask["client"]) => async () => {
    const root = machine.disk.folder(`creates-${client}-${threads}`);
    return startNodeSide("fs-creates", { client, root, ...createOptions }, { UV_THREADPOOL_SIZE: threads });
  };
  return {
    id: `fs/create-4KiB-${threads}-threads`,
    title: `files: durable create of 4 KiB, 32 at once, UV_THREADPOOL_SIZE ${threads}`,
    notes: () => [
      "in one directory: another name written and flushed, linked or renamed, the directory flushed",
      `the loop has 32 threads, and makes no promise beyond; on ${machine.disk.description}`,
    ],
    columns: { us: "us a create", cpuUs: "CPU us a create" },
    sides: [
      { name: "FsStore", start: node("store") },
      { name: "fs/promises", start: node("promises") },
      {
        name: "a loop in Rust",
        start: async () => {
          const root = machine.disk.folder(`creates-loop-${threads}`);
          return machine.seed.start({ task: "creates", root, ...createOptions });
        },
      },
    ],
  };
}

function checkpoint(machine: Machine, fsync: boolean): Row {
  const taskIn = (side: string): CheckpointTask => {
    const place: Place = { root: machine.disk.folder(`checkpoint-${side}-${fsync}`), fsync };
    return {
      task: "checkpoint",
      place,
      warmUp: place,
      warmUpEpochs: fsync ? 4 : 16,
      epochsARun: fsync ? 1 : 3,
      ...checkpointShape,
    };
  };
  return {
    id: `fs/checkpoint-${fsync ? "fsync" : "no-fsync"}`,
    title: `files: a checkpoint of 256 x 64 KiB, 32 at once, ${fsync ? "flushed" : "fsync: false"}`,
    notes: () => [
      "LaminarDB flushes nothing in either row",
      seedNote,
      `on ${machine.disk.description}; libuv's pool of threads is as it comes`,
    ],
    columns: checkpointColumns,
    sides: [
      { name: oursName, start: async () => startNodeSide("backend", taskIn("ours")) },
      { name: seedName, start: async () => machine.seed.start(taskIn("seed")) },
    ],
  };
}
