/** The lines that the job prints while it runs. */
import type { End } from "./crew.ts";
import type { Deposed, Recovery } from "./journal.ts";
import type { Struck } from "./messages.ts";
import { grouped, seconds } from "./number-formats.ts";
import type { Options } from "./options.ts";

/** The settings of the run. */
export function describeRun(
  { records, barrier, workers, kills, seed, patience }: Options,
  store: string,
  out: string,
): string {
  return (
    `${grouped(records)} flights, ${grouped(barrier)} an epoch, ${workers} workers, ${kills} kills, seed ${seed}, patience ${patience} ms\n` +
    `checkpoints: ${store}\nrows: ${out}\n`
  );
}

/** How a leader or its crew ended. */
export function describeEnd(end: End): string {
  if (end.type === "finished") return "finished";
  if (end.type === "overtaken") return `the leader of version ${end.version} was slow, and lost its office`;
  if (end.type === "died") return `${end.who} died of itself: ${end.how}`;
  if (end.type === "gave up") return `the leader gave up: ${end.code}, sealed: ${end.sealed}: ${end.message}`;
  return `${end.type} ${describeStruck(end.struck)}`;
}

function describeStruck({ strike, epoch, to }: Struck): string {
  const who = strike.victim === "leader" ? "the leader" : `worker ${strike.victim}`;
  return `${who}, ${strike.point}: epoch ${epoch}, row ${grouped(to)}`;
}

export function describeRecovery({ version, base, nextRow, milliseconds }: Recovery): string {
  return `  version ${version} goes on from ${epochName(base)}, row ${grouped(nextRow)}, after ${seconds(milliseconds)}`;
}

export function describeDeposed({ version, struck, end }: Deposed): string {
  const outcome =
    end.type === "gave up"
      ? `refused, ${end.code}, sealed: ${end.sealed}`
      : `NOT REFUSED, ${describeEnd(end)}`;
  const why = struck === undefined ? "slow" : `paused at epoch ${struck.epoch}, ${struck.strike.point}`;
  return `  version ${version} (${why}) wants to go on: ${outcome}`;
}

/** An epoch to go on from. */
export function epochName(epoch: number | undefined): string {
  return epoch === undefined ? "the beginning" : `epoch ${epoch}`;
}
