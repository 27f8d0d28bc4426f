import type { Row, Side, Skip } from "./harness.ts";
import { latencies, type Machine, type S3Service } from "./machine.ts";
import { startNodeSide } from "./process-side.ts";
import type { CheckpointTask } from "./sides/backend.ts";
import type { RoundTripsTask } from "./sides/round-trips.ts";
import type { Bucket } from "./sides/s3-clients.ts";

export const seedName = "LaminarDB 0.26 (Rust)";
export const oursName = "@state/core";

export const checkpointColumns = { ms: "ms", sealMs: "ms of it: seal", cpuMs: "CPU ms" };
export const checkpointShape = { vnodes: 256, bytes: 65_536, atOnce: 32 };

export const seedNote =
  "LaminarDB puts partials without a condition and keeps no digest; it has a thread for each core";

/** Of a `_COMMIT` of 256 vnodes. */
const sealBytes = 35_270;
const roundTripsNote =
  "aws4: a create as large as the `_COMMIT` and then a listing, which is what a seal cannot do without";

/** Checkpoints of 256 vnodes of 64 KiB, 32 at once. */
export function checkpointRows(machine: Machine): readonly Row[] {
  return [
    ...latencies.map((latency) =>
      rowOn(machine, machine.memoryS3, {
        id: `checkpoint/s3-${latency}`,
        place: `memory-s3, each request after ${latency}`,
        latency,
        warmUpEpochs: 16,
        epochsARun: 3,
      }),
    ),
    rowOn(machine, machine.minio, {
      id: "checkpoint/minio",
      place: "MinIO",
      latency: undefined,
      warmUpEpochs: 8,
      epochsARun: 1,
    }),
  ];
}

interface Setting extends Pick<CheckpointTask, "warmUpEpochs" | "epochsARun"> {
  readonly id: string;
  readonly place: string;
  readonly latency: string | undefined;
}

function rowOn(machine: Machine, service: S3Service, setting: Setting): Row {
  const { id, latency, warmUpEpochs, epochsARun } = setting;
  const startRoundTrips = async (): Promise<Side | Skip> => {
    if (service.skip !== undefined) return service.skip;
    const place = await service.bucket("round-trips", latency);
    const task: RoundTripsTask = { place, bytes: sealBytes, pairs: epochsARun, warmUpPairs: 20 };
    return startNodeSide("round-trips", task);
  };
  const start = async (side: string, run: (task: CheckpointTask) => Promise<Side | Skip>) => {
    if (service.skip !== undefined) return service.skip;
    const name = `${side}-${id.replaceAll("/", "-")}`;
    const place: Bucket = await service.bucket(name, latency);
    const warmUp: Bucket = await service.bucket(name, latency && latencies[0]);
    return run({ task: "checkpoint", place, warmUp, warmUpEpochs, epochsARun, ...checkpointShape });
  };
  return {
    id,
    title: `a checkpoint of 256 x 64 KiB, 32 at once: ${setting.place}`,
    notes: () => [seedNote, roundTripsNote],
    columns: checkpointColumns,
    sides: [
      { name: oursName, start: () => start("ours", (task) => startNodeSide("backend", task)) },
      { name: seedName, start: () => start("seed", (task) => machine.seed.start(task)) },
      { name: "aws4 + node:http", start: startRoundTrips },
    ],
  };
}
