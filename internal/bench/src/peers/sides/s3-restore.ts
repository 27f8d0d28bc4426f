/** The objects of a sealed epoch by raw requests: what a restore cannot do without. */
import type { Figures } from "../harness.ts";
import { atOnce, Meter } from "../meter.ts";
import type { Bucket } from "./s3-clients.ts";
import { rawClient } from "./s3-raw.ts";

export interface S3RestoreTask {
  /** Where the other side has written the epoch. */
  readonly place: Bucket;
  readonly vnodes: number;
  readonly bytes: number;
  readonly atOnce: number;
  readonly restoresARun: number;
  readonly warmUpRestores: number;
}

export async function prepare(task: S3RestoreTask): Promise<() => Promise<Figures>> {
  const raw = rawClient(task.place);
  const keys = (await raw.keys("epoch=")).filter((key) => key.includes("/vnode="));
  if (keys.length !== task.vnodes) throw new Error(`${keys.length} objects, not ${task.vnodes}`);
  const read = async (restores: number): Promise<Figures> => {
    const meter = new Meter();
    for (let each = 0; each < restores; each += 1) {
      await atOnce(keys.length, task.atOnce, async (number) => {
        const body = await raw.get(keys[number] ?? "");
        if (body.length !== task.bytes) throw new Error(`${keys[number]} has ${body.length} bytes`);
      });
    }
    return { ms: meter.ms / restores, cpuMs: meter.cpuMs / restores };
  };
  await read(task.warmUpRestores);
  return () => read(task.restoresARun);
}
