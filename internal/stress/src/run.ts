/**
 * `pnpm stress`: several processes on one store at once, and every response of core judged.
 * `--responses 100000`; `--store minio`, which it starts and ends, or `fs`; `--seed 1`; `--minutes 10` at most.
 * With STATE_TEST_S3, `--store s3` is the service that it names.
 */
import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, release, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createBucket, s3FromEnvironment, startMinio } from "@state/servers";
import { empty, type Place, placeOn } from "./place.ts";
import { stress } from "./stress.ts";

interface Started {
  readonly place: Place;
  readonly end: () => Promise<void>;
}

async function startPlace(store: string): Promise<Started> {
  if (store === "fs") {
    const root = await mkdtemp(join(tmpdir(), "state-stress-"));
    return { place: { kind: "fs", root }, end: () => rm(root, { recursive: true, force: true }) };
  }
  if (store === "minio") {
    const server = await startMinio();
    await createBucket(server, "stress");
    return { place: placeOn({ server, bucket: "stress", root: "runs" }), end: () => server.stop() };
  }
  const named = s3FromEnvironment();
  if (store !== "s3" || named === undefined) {
    throw new Error("--store is fs, minio, or s3 with STATE_TEST_S3, which names a place to test in");
  }
  const place = placeOn(named);
  return { place, end: () => empty(place) };
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

const { values } = parseArgs({
  options: {
    responses: { type: "string", default: "10000" },
    store: { type: "string", default: "fs" },
    seed: { type: "string", default: "1" },
    minutes: { type: "string", default: "60" },
    "stop-at-wrong": { type: "boolean", default: false },
  },
});
const commit = execFileSync("git", ["describe", "--always", "--dirty"], { encoding: "utf8" }).trim();
const { place, end } = await startPlace(values.store);
try {
  const report = await stress({
    place,
    responses: Number(values.responses),
    seed: Number(values.seed),
    timeLimitMs: Number(values.minutes) * 60_000,
    stopAtWrong: values["stop-at-wrong"],
    onProgress: (responses) => {
      if (responses % 10_000 === 0) say(`${responses.toLocaleString("en")} responses`);
    },
  });
  const rate = Math.round(report.responses / report.seconds);
  say(`${values.store}, seed ${values.seed}, commit ${commit}`);
  say(`${cpus().length} cores, Linux ${release()}, Node ${process.version}, ${report.processes} processes`);
  say(
    `${report.responses.toLocaleString("en")} responses in ${Math.round(report.seconds)} s (${rate} a second), ${report.wrongCount} wrong`,
  );
  for (const [outcome, count] of Object.entries(report.counts)) {
    say(`  ${outcome.padEnd(32)}${count.toLocaleString("en").padStart(9)}`);
  }
  for (const wrong of report.wrong) say(`wrong: ${wrong}`);
  process.exitCode = report.wrongCount === 0 ? 0 : 1;
} finally {
  await end();
}
