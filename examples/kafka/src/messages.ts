/** What the supervisor and its processes tell each other. */
import type { Point } from "./points.ts";

/** A blow that a process deals itself when it has reached a point so many times. */
export interface Blow {
  readonly action: "kill" | "pause";
  readonly point: Point;
  /** 1 is the first time from now on. */
  readonly nth: number;
}

/** The arguments of a process. */
export interface Settings {
  /** Names the process: `worker-0.2` is the second one with the number 0. */
  readonly name: string;
  readonly brokers: readonly string[];
  readonly groupId: string;
  readonly input: string;
  readonly output: string;
  readonly sessionTimeoutMs: number;
  /** The state's store, of the usual way a folder. */
  readonly store: string;
  /** The folder of the output's files. */
  readonly files: string;
  /** The folder for what a process leaves behind that is killed. */
  readonly scratch: string;
  readonly blow?: Blow | undefined;
  /** Of a worker on NATS: of how many workers it is which one, and how many partitions there are. */
  readonly place?:
    | { readonly worker: number; readonly workers: number; readonly partitions: number }
    | undefined;
}

/** From the supervisor to a process. */
export interface Order {
  readonly type: "strike";
  readonly blow: Blow;
}

export interface Restored {
  readonly type: "restored";
  readonly partition: number;
  readonly version: number;
  readonly epoch: number | undefined;
  /** `undefined`: nothing was ever sealed. */
  readonly next: number | undefined;
}

export interface Sealed {
  readonly type: "sealed";
  readonly partition: number;
  readonly epoch: number;
  readonly next: number;
  readonly records: number;
  readonly bytes: number;
  /** Bytes of the vnodes that the epoch took over from the one before. */
  readonly reused: number;
  readonly durationMs: number;
}

/** A tenure has ended by an error, or did not seal all that it had. */
export interface Failed {
  readonly type: "failed" | "abandoned";
  readonly partition: number;
  /** Of a `StateError` or `KafkaError`; else the error's name. */
  readonly code: string;
  readonly message: string;
}

/** A process has reached its strike, and is killed or paused right after this message. */
export interface Struck {
  readonly type: "struck";
  readonly blow: Blow;
  /** At a point within a transaction, all that were in one. */
  readonly partitions: readonly number[];
}

/** From a process to the supervisor. */
export type Report =
  | Restored
  | Sealed
  | Failed
  | Struck
  | { readonly type: "released" | "stopped" | "not committed for display"; readonly partition: number }
  | { readonly type: "pruned"; readonly objects: number; readonly bytes: number }
  /** Of the usual way: it has processed the partition up to there. */
  | { readonly type: "at"; readonly partition: number; readonly next: number };
