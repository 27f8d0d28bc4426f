/** Single calls of Cloud Storage or Azure by one client, warm. */
import type { Figures } from "../harness.ts";
import { atOnce, Meter } from "../meter.ts";
import { azureClientOf, type AzureContainer } from "./azure-clients.ts";
import { type GcsBucket, gcsClientOf } from "./gcs-clients.ts";

export interface ObjectCallsTask {
  readonly place: GcsBucket | AzureContainer;
  readonly client: "store" | "sdk" | "raw";
  readonly call: "create" | "get";
  readonly bytes: number;
  readonly atOnce: number;
  readonly count: number;
  readonly warmUp: number;
}

/** Each call rejects if it did not do what it says. */
export interface ObjectCalls {
  /** Only if nothing is there. */
  readonly create: (key: string, body: Uint8Array) => Promise<unknown>;
  readonly get: (key: string) => Promise<Uint8Array>;
}

const read = 100;

export async function prepare(task: ObjectCallsTask): Promise<() => Promise<Figures>> {
  const { place, bytes, call } = task;
  const client =
    "container" in place ? await azureClientOf(task.client, place) : await gcsClientOf(task.client, place);
  const body = new Uint8Array(bytes).fill(7);
  const side = crypto.randomUUID();
  let created = 0;
  const run = async (count: number): Promise<Figures> => {
    const from = created;
    if (call === "create") created += count;
    const meter = new Meter();
    await atOnce(count, task.atOnce, async (number) => {
      if (call === "create") return client.create(`${side}/${from + number}`, body);
      const { length } = await client.get(`${side}/${number % read}`);
      if (length !== bytes) throw new Error(`${length} bytes were read`);
      return undefined;
    });
    return meter.each(count);
  };
  if (call === "get") await atOnce(read, 8, (number) => client.create(`${side}/${number}`, body));
  await run(task.warmUp);
  return () => run(task.count);
}
