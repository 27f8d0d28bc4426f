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
  const run = async (epochs: number): Promise<Figures> => {
    // All epochs of a run, as the other side keeps them until its prune.
    const kept: { readonly digest: string; readonly bytes: Uint8Array }[] = [];
    const meter = new Meter();
    for (let vnode = 0; vnode < epochs * task.vnodes; vnode += 1)
      kept.push({ digest: hash("sha256", body), bytes: body.slice() });
    return { ms: meter.ms / epochs, cpuMs: meter.cpuMs / epochs };
  };
  await run(task.warmUpEpochs);
  return () => run(task.epochsARun);
}
