/**
 * How time, requests and memory go over vnodes, epochs, sizes and `concurrency`, on a store that responds
 * to each request after 20 ms; and what requests cost. Prints tables, and writes them and charts into
 * `docs/evidence`.
 * `node --expose-gc --conditions=@state/source internal/bench/src/curves.ts`; `--store s3` for memory-s3,
 * `--most vnodes=4096` for fewer points, `--only epochs`, `--out FOLDER`
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { cpus, release } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { costsTable, measureJobs, pricesTable } from "./costs.ts";
import { chartSvg } from "./curves/chart.ts";
import { type Curve, curves } from "./curves/definitions.ts";
import { measurePoint, type Point } from "./curves/measure.ts";
import { replaceBlocks } from "./curves/page.ts";
import { latency, memoryPlace, startS3Place } from "./curves/places.ts";
import { chartOf, tableOf } from "./curves/report.ts";

const { values } = parseArgs({
  options: {
    store: { type: "string", default: "memory" },
    most: { type: "string", multiple: true, default: [] },
    only: { type: "string", default: "" },
    out: { type: "string", default: resolve(import.meta.dirname, "../../../docs/evidence") },
  },
});
if (values.store !== "memory" && values.store !== "s3") throw new RangeError("--store is memory or s3");
const most = new Map(values.most.map((text) => [text.split("=")[0], Number(text.split("=")[1])]));
const suffix = values.store === "s3" ? "-s3" : "";
const page = join(values.out, "curves.md");
const asked = curves.filter(({ id }) => id.includes(values.only));
const blocks = new Map<string, string>();

const place = values.store === "s3" ? await startS3Place() : memoryPlace;
try {
  // What is loaded and compiled once.
  for (const curve of asked) await measurePoint(curve, curve.xs[2] ?? 1, place);
  for (const curve of asked) {
    const xs = curve.xs.filter((x) => x <= (most.get(curve.id) ?? Infinity));
    const points: Point[] = [];
    for (const x of xs) points.push(await measurePoint(curve, x, place));
    await report(curve, points);
  }
} finally {
  await place.end();
}
if (values.store === "memory" && "costs".includes(values.only)) {
  const jobs = await measureJobs();
  add("costs", costsTable(jobs));
  add("prices", pricesTable());
}
const cpu = cpus()[0]?.model ?? "an unknown processor";
const date = new Date().toISOString().slice(0, 10);
const machine = `${date}; ${cpus().length} x ${cpu}, Linux ${release()}, Node ${process.versions.node}`;
add(`machine${suffix}`, `${place.name}, ${latency} ms a request: ${machine}\n`);
await writeFile(page, replaceBlocks(await readFile(page, "utf8"), blocks));

async function report(curve: Curve, points: readonly Point[]): Promise<void> {
  add(`${curve.id}${suffix}`, tableOf(curve, points));
  await mkdir(join(values.out, "curves"), { recursive: true });
  const title = `${curve.title}: ${place.name}, ${latency} ms a request`;
  await writeFile(
    join(values.out, "curves", `${curve.id}${suffix}.svg`),
    chartSvg(chartOf(curve, points, title)),
  );
}

function add(name: string, text: string): void {
  blocks.set(name, text);
  process.stdout.write(`${text}\n`);
}
