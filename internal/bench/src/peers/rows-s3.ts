import type { Row } from "./harness.ts";
import type { Machine } from "./machine.ts";
import { startNodeSide } from "./process-side.ts";
import type { S3CallsTask } from "./sides/s3-calls.ts";
import type { ClientName } from "./sides/s3-clients.ts";

const kibibyte = 1_024;
const clients: Readonly<Record<string, ClientName>> = {
  S3Store: "store",
  "AWS SDK": "sdk",
  "aws4 + node:http": "raw",
  opendal: "opendal",
};

const opendalSigns = "opendal signs and sends no digest or checksum of a body, and has threads of its own";
const creates = "create: If-None-Match, SHA-256 signed, CRC32 sent; get: CRC32 compared";

/** Single calls on memory-s3 over HTTP, each side a warm process with one thread of JavaScript. */
export function s3Rows(machine: Machine): readonly Row[] {
  const sizes = [4 * kibibyte, 64 * kibibyte];
  return [
    ...sizes.flatMap((bytes) => [
      rowOf(machine, { call: "create", bytes, atOnce: 32, count: 4_000, warmUp: 12_000 }),
      rowOf(machine, { call: "get", bytes, atOnce: 32, count: 4_000, warmUp: 12_000 }),
    ]),
    rowOf(machine, { call: "list", bytes: 16, atOnce: 32, count: 20_000, warmUp: 50_000 }),
    rowOf(machine, { call: "deleteAll", bytes: 16, atOnce: 32, count: 5_000, warmUp: 5_000 }),
  ];
}

const names = { create: "create", get: "get", list: "list", deleteAll: "delete" } as const;

function rowOf(machine: Machine, task: Omit<S3CallsTask, "client" | "place">): Row {
  const size = task.bytes / kibibyte;
  const isOfObjects = task.call === "list" || task.call === "deleteAll";
  const name = names[task.call];
  const each = isOfObjects ? "an object" : "a call";
  return {
    id: isOfObjects ? `s3/${name}` : `s3/${name}-${size}KiB`,
    title: isOfObjects
      ? `S3: ${name}, 1,000 objects a request, one request at a time`
      : `S3: ${name} of ${size} KiB, 32 at once`,
    notes: () => (isOfObjects ? [] : [creates, opendalSigns]),
    columns: { us: `us ${each}`, cpuUs: `CPU us ${each}` },
    sides: Object.entries(clients).map(([side, client]) => ({
      name: side,
      start: async () => {
        if (machine.memoryS3.skip !== undefined) return machine.memoryS3.skip;
        const place = await machine.memoryS3.bucket(`calls-${task.bytes}`);
        return startNodeSide("s3-calls", { ...task, client, place });
      },
    })),
  };
}
