/**
 * The usual way, for comparison: offsets that the client commits by itself each second, a JSON file of state a partition
 * that is written each second, and a plain producer. `managed-process.ts` starts it.
 */
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Consumer, Producer } from "@platformatic/kafka";
import { type Airport, decodeFlight, encodeResult, withFlight } from "./airports.ts";
import { liveWithSupervisor, report, settingsOfThisProcess } from "./supervisor-channel.ts";

const { name, brokers, groupId, input, output, sessionTimeoutMs, store } = settingsOfThisProcess();
const everyMs = 1_000;
const client = { clientId: name, bootstrapBrokers: [...brokers], retryDelay: 100 };
const states = new Map<number, Map<string, Airport>>();
const producer = new Producer(client);
const consumer = new Consumer({
  ...client,
  groupId,
  autocommit: everyMs,
  sessionTimeout: sessionTimeoutMs,
  heartbeatInterval: 300,
});
// What this member has lost is another one's to write.
consumer.on("consumer:group:join", () => {
  const held = new Set((consumer.assignments ?? []).flatMap(({ partitions }) => partitions));
  for (const partition of states.keys()) if (!held.has(partition)) states.delete(partition);
});
await mkdir(store, { recursive: true });
const stream = await consumer.consume({
  topics: [input],
  mode: "committed",
  fallbackMode: "earliest",
  maxWaitTime: 100,
});
let isStopping = false;
const writing = setInterval(() => void writeStates(), everyMs);
liveWithSupervisor(
  () => undefined,
  async () => {
    isStopping = true;
    clearInterval(writing);
    await writeStates();
    await consumer.close(true);
    await producer.close(true);
  },
);

const held: Parameters<typeof take>[0] = [];
for await (const message of stream) {
  if (isStopping) break;
  held.push(message);
  if (stream.readableLength > 0 && held.length < 100) continue;
  await take(held.splice(0));
}

async function take(messages: (typeof stream extends AsyncIterable<infer M> ? M : never)[]): Promise<void> {
  const results: { topic: string; partition: number; value: Buffer }[] = [];
  const reached = new Map<number, number>();
  for (const { partition, offset, value } of messages) {
    const state = states.get(partition) ?? (await readState(partition));
    states.set(partition, state);
    const { origin, delay } = decodeFlight(value);
    const airport = withFlight(state.get(origin), delay);
    state.set(origin, airport);
    const result = encodeResult({ offset: Number(offset), airport: origin, ...airport });
    results.push({ topic: output, partition, value: Buffer.from(result) });
    reached.set(partition, Number(offset) + 1);
  }
  await producer.send({ messages: results });
  for (const [partition, next] of reached) report({ type: "at", partition, next });
}

async function readState(partition: number): Promise<Map<string, Airport>> {
  try {
    return new Map(
      JSON.parse(await readFile(join(store, `${partition}.json`), "utf8")) as [string, Airport][],
    );
  } catch (error) {
    if (Reflect.get(Object(error), "code") !== "ENOENT") throw error;
    return new Map();
  }
}

async function writeStates(): Promise<void> {
  for (const [partition, state] of states) {
    const path = join(store, `${partition}.json`);
    const temporary = `${path}.${process.pid}.tmp`;
    await writeFile(temporary, JSON.stringify([...state]));
    await rename(temporary, path);
  }
}
