/** What a checkpoint in memory cannot do without: a digest and a copy of each partial. */
import { hash } from "node:crypto";
import type { Figures } from "../harness.ts";
import { Meter } from "../meter.ts";

export interface HashesTask {
  readonly vnodes: number;
  readonly bytes: number;
  readonly warmUpEpochs: number;
  readonly epochsARun: number;
}

export async function prepare(task: HashesTask): Promise<() => Promise<Figures>> {
  const body = new Uint8Array(task.bytes).fill(7);
  const kept = new Map<number, { readonly digest: string; readonly bytes: Uint8Array }>();
  const run = async (epochs: number): Promise<Figures> => {
    const meter = new Meter();
    for (let epoch = 0; epoch < epochs; epoch += 1)
      for (let vnode = 0; vnode < task.vnodes; vnode += 1)
        kept.set(vnode, { digest: hash("sha256", body), bytes: body.slice() });
    return { ms: meter.ms / epochs, cpuMs: meter.cpuMs / epochs };
  };
  await run(task.warmUpEpochs);
  return () => run(task.epochsARun);
}
