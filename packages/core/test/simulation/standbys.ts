import type { Job, Start } from "./actors.ts";
import { checkpoints } from "./leaders.ts";
import type { Process } from "./process.ts";

/** So many lives at most, those that crash not counted. */
const maxLives = 4;

/**
 * Stands by, leads for a while, and is silent then, as if it had died. Some wake up and go on as if nothing had happened.
 * Whether a leader has a successor is nobody's but the store's to say.
 */
export async function standbyLeader(job: Job, start: Start): Promise<void> {
  const { standing } = job;
  if (standing === undefined) throw new Error("a standby acts in a schedule of standbys");
  for (let life = 0; life < maxLives && !standing.stop.signal.aborted; life++) {
    const process = await start();
    if (process === undefined) continue;
    const taken = await process.standby(standing.patienceMs, standing.stop.signal);
    if (!("value" in taken)) continue;
    const { version, nextEpoch } = taken.value;
    job.traits.add("a standby that takes over");
    job.version = Math.max(job.version, version);
    await term(job, process, nextEpoch);
    standing.termsLeft -= 1;
    if (standing.termsLeft <= 0) standing.stop.abort("the season is over");
  }
}

async function term(job: Job, process: Process, nextEpoch: number): Promise<void> {
  const { random } = job;
  const leading = { process, byNumber: 0.04, attempts: [] };
  await checkpoints(job, leading, nextEpoch);
  if (process.isDeposed) job.traits.add("a leader that is alive and loses its office");
  if (!random.chance(0.4)) return;
  await process.turn(40 + random.below(200));
  if (process.isSucceeded) job.traits.add("a leader that wakes up after its successor sealed");
  await checkpoints(job, leading, job.epoch + random.below(2));
}
