import type { Row } from "./harness.ts";
import type { Machine } from "./machine.ts";
import { startNodeSide } from "./process-side.ts";
import { checkpointShape, oursName, seedName } from "./rows-checkpoint.ts";

const counts = { restoresARun: 4, warmUpRestores: 16 };

/** All vnodes of a sealed epoch, read and verified. */
export function restoreRows(machine: Machine): readonly Row[] {
  const { memoryS3 } = machine;
  const task = { task: "restore", ...checkpointShape, ...counts };
  const id = "restore/s3-0ms";
  return [
    {
      id,
      title: "a restore of 256 x 64 KiB, 32 at once: memory-s3",
      notes: () => [
        "ours finds the newest epoch, reads its seal, and compares the CRC32 and the SHA-256 of each vnode",
        "aws4 reads the objects that ours has written, whose keys it knows, and compares the CRC32",
        "LaminarDB verifies nothing, and knows the epoch",
      ],
      columns: { ms: "ms", cpuMs: "CPU ms" },
      sides: [
        {
          name: oursName,
          start: async () =>
            memoryS3.skip ??
            startNodeSide("backend", { ...task, place: await memoryS3.bucket("restore-ours") }),
        },
        {
          name: "aws4 + node:http",
          start: async () =>
            memoryS3.skip ??
            startNodeSide("s3-restore", { ...task, place: await memoryS3.bucket("restore-ours") }),
        },
        {
          name: seedName,
          start: async () =>
            memoryS3.skip ?? machine.seed.start({ ...task, place: await memoryS3.bucket("restore-seed") }),
        },
      ],
    },
  ];
}
