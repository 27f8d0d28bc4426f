/** The two round trips that a seal cannot do without: a create as large as the `_COMMIT`, and then a listing. */
import type { Figures } from "../harness.ts";
import { Meter } from "../meter.ts";
import type { Bucket } from "./s3-clients.ts";
import { rawClient } from "./s3-raw.ts";

export interface RoundTripsTask {
  readonly place: Bucket;
  /** Of the create's body. */
  readonly bytes: number;
  /** How many pairs a run makes, of which it gives the mean. */
  readonly pairs: number;
  readonly warmUpPairs: number;
}

export async function prepare(task: RoundTripsTask): Promise<() => Promise<Figures>> {
  const client = rawClient(task.place);
  const body = new Uint8Array(task.bytes).fill(7);
  const folder = crypto.randomUUID();
  let created = 0;
  const run = async (pairs: number): Promise<Figures> => {
    const meter = new Meter();
    for (let pair = 0; pair < pairs; pair += 1) {
      created += 1;
      await client.create(`${folder}/${created}`, body);
      await client.list("_control/");
    }
    return { sealMs: meter.ms / pairs };
  };
  await run(task.warmUpPairs);
  return () => run(task.pairs);
}
