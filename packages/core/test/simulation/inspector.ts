import { verify } from "../../src/verify/index.ts";
import { MapStore } from "../support/map-store.ts";
import type { Job, Start } from "./actors.ts";
import type { Process } from "./process.ts";

/** Verifies, describes and copies while the others act. */
export async function inspector(job: Job, start: Start): Promise<void> {
  const { random } = job;
  const process = await start();
  if (process === undefined) return;
  const rounds = 1 + random.below(3);
  for (let round = 0; round < rounds; round++) {
    await process.turn(random.below(60));
    switch (random.below(4)) {
      case 0:
        await process.verify(random.chance(0.5));
        break;
      case 1:
        await process.describe(Math.max(0, job.epoch - random.below(3)));
        break;
      case 2:
        await copyAll(process);
        break;
      default:
        await copySavepoint(job, process, `${process.incarnation.slice(-4)}-copy-${round}`);
    }
  }
}

async function copyAll(process: Process): Promise<void> {
  const to = new MapStore();
  const copied = await process.copy(to, undefined, true);
  if ("value" in copied) await judge(process, to, copied.value.epochs);
  else process.copyFailed(copied.code, ["NamespaceAbsent"]);
}

/** What is pinned is copied, whatever is pruned meanwhile. */
async function copySavepoint({ random, epoch: begun }: Job, process: Process, name: string): Promise<void> {
  const epoch = Math.max(0, begun - random.below(3));
  const pinned = await process.pin(epoch, name);
  if (!("value" in pinned)) return;
  const to = new MapStore();
  const copied = await process.copy(to, epoch, random.chance(0.5));
  if ("value" in copied) await judge(process, to, [epoch]);
  else process.copyFailed(copied.code, []);
  if (random.chance(0.5)) await process.unpin(epoch, name);
}

async function judge(process: Process, to: MapStore, epochs: readonly number[]): Promise<void> {
  process.copied(to.entries(), epochs);
  for await (const { kind, severity, message } of verify({ store: to, deep: true }))
    if (severity !== "notice") process.copyIsDamaged(`${kind}: ${message}`);
}
