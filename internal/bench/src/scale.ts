/**
 * What the calls that read a whole history cost on one of a million objects: requests, and memory.
 * `node --expose-gc internal/bench/src/scale.ts`; with `--json` for a program to read.
 */
import { parseArgs } from "node:util";
import { ObjectStoreBackend } from "../../../packages/core/src/backend.ts";
import { verify } from "../../../packages/core/src/verify/index.ts";
import { GeneratedStore } from "./generated-store.ts";
import { type Measurement, Meter } from "./meter.ts";

const shape = { epochs: 1_000, written: 1_000, unchanged: 100 };
const before = 900;
const { values } = parseArgs({ options: { json: { type: "boolean", default: false } } });

const meter = new Meter();
const store = new GeneratedStore(shape, meter.onRequest);
const vnodeCapacity = shape.written + shape.unchanged;
await using backend = await ObjectStoreBackend.open({
  store,
  instanceId: "scale",
  vnodeCapacity,
  // The store can hold no anchor.
  verifyObjects: true,
});
meter.setIdle();

const results = { latest: -1, sealed: -1, found: -1, base: -1, pruned: -1, left: -1 };
// The intervals share no divisor with the 8 requests in flight, so that samples fall on each of them.
const calls: Record<string, Measurement> = {
  latest: await meter.measure(1, async () => {
    results.latest = (await backend.latest())?.epoch ?? -1;
  }),
  sealedEpochs: await meter.measure(49, async () => {
    results.sealed = (await backend.sealedEpochs()).length;
  }),
  verify: await meter.measure(49, async () => {
    results.found = 0;
    for await (const found of verify({ store })) results.found += found.severity === "notice" ? 0 : 1;
  }),
  takeover: await meter.measure(1, async () => {
    results.base = (await backend.takeover({ version: 1 })).base?.epoch ?? -1;
  }),
  pruneBefore: await meter.measure(99, async () => {
    results.pruned = (await backend.pruneBefore(before)).objects;
  }),
};
// The objects of the first epoch that the newest seal names are left.
results.left = (await backend.describeEpoch(0)).objects;

process.stdout.write(values.json ? JSON.stringify({ shape, results, calls }) : table());

function table(): string {
  const objects = shape.epochs * (1 + shape.written) + shape.unchanged;
  const lines = Object.entries(calls).map(([name, call]) => {
    const { create, get, list, delete: deletes } = call.requests;
    const columns = [create, get, list, deletes, create + get + list + deletes, call.milliseconds.toFixed(0)];
    return [
      name.padEnd(14),
      ...columns.map((column) => String(column).padStart(8)),
      mebibytes(call.peakBytes),
      mebibytes(call.growthBytes),
    ].join("");
  });
  const heads = ["create", "get", "list", "delete", "all", "ms"].map((head) => head.padStart(8)).join("");
  return `${objects.toLocaleString("en")} objects: ${shape.epochs} epochs, ${shape.written} vnodes each, ${shape.unchanged} unchanged since the first; prune below ${before}
${"requests".padEnd(14)}${heads}${"peak MiB".padStart(10)}${"growth".padStart(10)}
${lines.join("\n")}
peak: live heap and external memory after a collection, above that of the open backend; growth: of the later half over the first
`;
}

function mebibytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1).padStart(10);
}
