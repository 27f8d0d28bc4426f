import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { PartitionReader, type TopicPartition } from "@state/kafka";
import { readPartition } from "@state/kafka/platformatic";
import { AirportsDatabase } from "./airports-database.ts";
import { type Airport, decodeFlight, encodeResult, type Result, withFlight } from "./airports.ts";
import type { Cluster } from "./cluster.ts";
import { readFiles } from "./files-output.ts";
import { openPartitionStore } from "./partition-stores.ts";

/** What a direct read of a partition of the input gives. */
export interface Expected {
  readonly results: readonly string[];
  readonly airports: ReadonlyMap<string, Airport>;
}

/** Something that must hold after a run, and the differences found. */
export interface Check {
  readonly name: string;
  readonly compared: string;
  readonly differences: readonly string[];
}

/** What the usual way has made of the same input. */
export interface UsualResult {
  readonly expected: number;
  readonly written: number;
  readonly lost: number;
  readonly doubled: number;
  /** Results of the right record with wrong numbers. */
  readonly wrong: number;
  /** Flights that the state files have counted. */
  readonly counted: number;
  readonly airports: number;
  readonly wrongAirports: number;
}

export interface Places {
  readonly store: string;
  readonly files: string;
  readonly usualStore: string;
}

export async function readExpected(cluster: Cluster): Promise<readonly Expected[]> {
  return Promise.all(
    cluster.numbers.map(async (partition) => {
      const airports = new Map<string, Airport>();
      const results: string[] = [];
      for (const { offset, value } of await readAll(cluster, { topic: cluster.input, partition })) {
        const { origin, delay } = decodeFlight(value);
        const airport = withFlight(airports.get(origin), delay);
        airports.set(origin, airport);
        results.push(encodeResult({ offset, airport: origin, ...airport }));
      }
      return { results, airports };
    }),
  );
}

/** Output topic, files and restored state are what a direct read of the input gives. */
export async function verify(
  cluster: Cluster,
  expected: readonly Expected[],
  { store, files }: Places,
): Promise<readonly Check[]> {
  const total = expected.reduce((sum, { results }) => sum + results.length, 0);
  const topic: string[] = [];
  const written: string[] = [];
  const state: string[] = [];
  let airports = 0;
  for (const [partition, { results, airports: wanted }] of expected.entries()) {
    const records = await readAll(cluster, { topic: cluster.output, partition });
    topic.push(
      ...differencesOf(
        `topic p=${partition}`,
        results,
        records.map(({ value }) => Buffer.from(value).toString()),
      ),
    );
    written.push(...differencesOf(`files p=${partition}`, results, await readFiles(files, partition)));
    const restored = await readState(cluster, store, partition);
    airports += wanted.size;
    state.push(
      ...differencesOf(`state p=${partition}`, linesOf(wanted), linesOf(restored.airports)),
      ...(restored.next === results.length
        ? []
        : [`state p=${partition}: the next offset is ${restored.next}`]),
    );
  }
  const results = `${total.toLocaleString("en-US")} results, in order, of ${expected.length} partitions`;
  return [
    { name: "output topic, read committed", compared: results, differences: topic },
    { name: "output files", compared: results, differences: written },
    { name: "restored state", compared: `${airports} airports`, differences: state },
  ];
}

export async function judgeUsual(
  cluster: Cluster,
  expected: readonly Expected[],
  { usualStore }: Places,
): Promise<UsualResult> {
  const sums = { expected: 0, written: 0, lost: 0, doubled: 0, wrong: 0 };
  const state = { counted: 0, airports: 0, wrongAirports: 0 };
  for (const [partition, { results, airports }] of expected.entries()) {
    const byOffset = new Map<number, string[]>();
    for (const { value } of await readAll(cluster, { topic: cluster.usualOutput, partition })) {
      const line = Buffer.from(value).toString();
      const { offset } = JSON.parse(line) as Result;
      byOffset.set(offset, [...(byOffset.get(offset) ?? []), line]);
      sums.written += 1;
    }
    for (const wanted of results) {
      const lines = byOffset.get((JSON.parse(wanted) as Result).offset) ?? [];
      sums.expected += 1;
      if (lines.length === 0) sums.lost += 1;
      else if (!lines.includes(wanted)) sums.wrong += 1;
      sums.doubled += Math.max(0, lines.length - 1);
    }
    const found = await readUsualState(usualStore, partition);
    for (const [airport, wanted] of airports) {
      const { count, sum, sumOfSquares } = found.get(airport) ?? { count: 0, sum: 0, sumOfSquares: 0 };
      state.airports += 1;
      state.counted += count;
      if (count !== wanted.count || sum !== wanted.sum || sumOfSquares !== wanted.sumOfSquares)
        state.wrongAirports += 1;
    }
  }
  return { ...sums, ...state };
}

/** Everything that is committed in a partition. */
async function readAll(
  { client }: Cluster,
  partition: TopicPartition,
): Promise<readonly { readonly offset: number; readonly value: Uint8Array }[]> {
  const records: { offset: number; value: Uint8Array }[] = [];
  const { signal } = new AbortController();
  const options = { signal, maxWaitMs: 100, maxBytes: 4 * 2 ** 20 };
  for await (const batch of readPartition(client, partition, "earliest", options)) {
    for (const { offset, value } of batch.records)
      records.push({ offset: Number(offset), value: value ?? new Uint8Array() });
    if (batch.next >= batch.end) break;
  }
  return records;
}

/** The state of a partition as a reader finds it. */
export async function readState(
  cluster: Pick<Cluster, "input" | "groupId">,
  url: string,
  partition: number,
): Promise<{ readonly airports: ReadonlyMap<string, Airport>; readonly next: number }> {
  const named = { topic: cluster.input, partition };
  const reader = await PartitionReader.open({
    partition: named,
    store: await openPartitionStore(url, cluster.groupId, named),
    instanceId: "verification",
  });
  try {
    const newest = await reader.newest();
    const database = await AirportsDatabase.restore(newest?.sealed);
    const airports = database.all();
    await database.close();
    return { airports, next: Number(newest?.next ?? 0) };
  } finally {
    await reader.close();
  }
}

async function readUsualState(folder: string, partition: number): Promise<ReadonlyMap<string, Airport>> {
  try {
    return new Map(
      JSON.parse(await readFile(join(folder, `${partition}.json`), "utf8")) as [string, Airport][],
    );
  } catch (error) {
    if (Reflect.get(Object(error), "code") !== "ENOENT") throw error;
    return new Map();
  }
}

/** An airport a line, in their order. */
export function linesOf(airports: ReadonlyMap<string, Airport>): readonly string[] {
  return [...airports]
    .map(([airport, { count, sum, sumOfSquares }]) => JSON.stringify({ airport, count, sum, sumOfSquares }))
    .toSorted();
}

/** The first difference of two sequences, and by how much their lengths differ. */
export function differencesOf(
  name: string,
  expected: readonly string[],
  found: readonly string[],
): readonly string[] {
  const at = expected.findIndex((line, index) => line !== found[index]);
  return [
    ...(found.length === expected.length ? [] : [`${name}: ${found.length} lines, not ${expected.length}`]),
    ...(at === -1 ? [] : [`${name}: line ${at} is ${found[at] ?? "missing"}, not ${expected[at]}`]),
  ];
}
