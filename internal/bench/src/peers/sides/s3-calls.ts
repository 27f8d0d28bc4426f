/** Single calls of S3 by one client, warm. */
import type { Figures } from "../harness.ts";
import { atOnce, Meter } from "../meter.ts";
import { type Bucket, type ClientName, clientOf } from "./s3-clients.ts";
import { rawClient } from "./s3-raw.ts";

export interface S3CallsTask {
  readonly client: ClientName;
  readonly call: "create" | "get" | "list" | "deleteAll";
  readonly place: Bucket;
  /** Of a body. */
  readonly bytes: number;
  readonly atOnce: number;
  /** Calls of `create` and `get`, objects of `list` and `deleteAll`. */
  readonly count: number;
  readonly warmUp: number;
}

const listed = "listed/";
const objectsListed = 5_000;

export async function prepare(task: S3CallsTask): Promise<() => Promise<Figures>> {
  const client = await clientOf(task.client, task.place);
  const raw = rawClient(task.place);
  const body = new Uint8Array(task.bytes).fill(7);
  const side = crypto.randomUUID();
  let created = 0;

  const run = async (count: number): Promise<Figures> => {
    if (task.call === "create") {
      const from = created;
      created += count;
      const meter = new Meter();
      await atOnce(count, task.atOnce, (number) => client.create(`${side}/${from + number}`, body));
      const figures = meter.each(count);
      await raw.deleteAll(keysOf(side, from, count));
      return figures;
    }
    if (task.call === "get") {
      const meter = new Meter();
      await atOnce(count, task.atOnce, async (number) => {
        const got = await client.get(`${listed}${number % objectsListed}`);
        if (got.length !== task.bytes) throw new Error(`${got.length} bytes were read`);
      });
      return meter.each(count);
    }
    if (task.call === "list") {
      const meter = new Meter();
      for (let seen = 0; seen < count; seen += objectsListed)
        if ((await client.list(listed)) !== objectsListed) throw new Error("not all were listed");
      return meter.each(count);
    }
    await atOnce(count, task.atOnce, (number) => raw.create(`${side}/${number}`, body));
    const keys = keysOf(side, 0, count);
    const meter = new Meter();
    await client.deleteAll(keys);
    return meter.each(count);
  };

  const isReader = task.call === "get" || task.call === "list";
  if (isReader && (await raw.list(listed)) === 0)
    await atOnce(objectsListed, task.atOnce, (number) => raw.create(`${listed}${number}`, body));
  await run(task.warmUp);
  return () => run(task.count);
}

function keysOf(folder: string, from: number, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${folder}/${from + index}`);
}
