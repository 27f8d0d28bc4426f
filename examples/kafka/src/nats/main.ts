/** The program on NATS: workers are killed, or replaced while they run, and what they have left is verified. */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { commandFor, isInstalled, nats, startNats } from "@state/servers";
import { readFiles } from "../files-output.ts";
import { differencesOf, linesOf, readState } from "../verification.ts";
import { NatsSource } from "./source.ts";
import { groupId, partitions, stream, Trial } from "./trial.ts";

const { strikes, records } = parseArgs({
  args: process.argv.slice(2).filter((arg) => arg !== "--"),
  options: { strikes: { type: "string", default: "10" }, records: { type: "string", default: "12000" } },
}).values;

if (isInstalled(nats)) {
  process.exitCode = await main(Number(strikes), Number(records));
} else {
  process.stderr.write(`NATS is not there: \`${commandFor(nats)}\` brings it, with Python 3.\n`);
  process.exitCode = 2;
}

async function main(strikeCount: number, recordCount: number): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), "nats-example-"));
  const server = await startNats();
  try {
    return await runOn(server.url, folder, strikeCount, recordCount);
  } finally {
    await server.stop();
    await rm(folder, { recursive: true });
  }
}

async function runOn(url: string, folder: string, strikeCount: number, recordCount: number): Promise<number> {
  const source = await NatsSource.open(url, stream, partitions);
  const trial = new Trial(source, url, folder);
  try {
    await mkdir(trial.scratch);
    await trial.run(strikeCount, recordCount);
    const differences = await verify(source, trial);
    for (const difference of differences) say(difference);
    const isEqual = differences.length === 0;
    say(
      isEqual
        ? `Everything is equal: ${source.published} flights, ${strikeCount} strikes, ${trial.refused} times a replaced worker was refused.`
        : "Something differs: see above.",
    );
    return isEqual ? 0 : 1;
  } finally {
    await trial.end();
    await source.close();
  }
}

async function verify(source: NatsSource, { store, files }: Trial): Promise<readonly string[]> {
  const differences: string[] = [];
  for (const [partition, { results, airports, next }] of source.expected.entries()) {
    differences.push(...differencesOf(`files p=${partition}`, results, await readFiles(files, partition)));
    const restored = await readState({ input: stream, groupId }, store, partition);
    differences.push(...differencesOf(`state p=${partition}`, linesOf(airports), linesOf(restored.airports)));
    if (restored.next !== next)
      differences.push(`state p=${partition}: the next sequence is ${restored.next}, not ${next}`);
  }
  return differences;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
