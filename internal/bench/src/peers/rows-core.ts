import type { Row } from "./harness.ts";
import { startNodeSide } from "./process-side.ts";
import { checkpointColumns, checkpointShape, oursName } from "./rows-checkpoint.ts";
import type { CheckpointTask } from "./sides/backend.ts";

/** What core itself costs, without a service. */
export function coreRows(): readonly Row[] {
  const place = { store: "memory" } as const;
  const task: CheckpointTask = {
    task: "checkpoint",
    place,
    warmUp: place,
    warmUpEpochs: 40,
    epochsARun: 10,
    ...checkpointShape,
  };
  return [
    {
      id: "core/checkpoint",
      title: "core: a checkpoint of 256 x 64 KiB on the memory store",
      notes: () => ["hash and copy: 256 times crypto.hash of 64 KiB with SHA-256, and one copy of them"],
      columns: checkpointColumns,
      sides: [
        { name: oursName, start: () => startNodeSide("backend", task) },
        { name: "hash and copy", start: () => startNodeSide("hashes", task) },
      ],
    },
  ];
}
