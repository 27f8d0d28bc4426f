/** What the processes tell each other. All of it goes through the supervisor, their parent. */
import type { PartialReceipt, StateErrorCode, Sealed } from "@state/core";
import type { Strike } from "./strike-plan.ts";

/** The arguments of every process of a crew. */
export interface Assignment {
  /** Which crew it is: crews are counted from 1. */
  readonly crew: number;
  readonly workers: number;
  /** The number of rows to process. */
  readonly records: number;
  /** The number of rows of an epoch. */
  readonly barrier: number;
  readonly store: string;
  readonly out: string;
  /** How long a crew that stands by sees nothing sealed before it takes over, in milliseconds. */
  readonly patience: number;
}

/** What a crew learns once its leader has taken over. */
export interface Term {
  /** The assignment version that the leader has claimed. */
  readonly version: number;
  /** The strike that one of the crew meets. */
  readonly strike: Strike | undefined;
}

/** A range of rows and the epoch that they belong to. */
export interface Cut {
  readonly epoch: number;
  readonly from: number;
  readonly to: number;
}

/** From the leader to all its workers. */
export type Order =
  | ({ readonly type: "restore"; readonly base: number | undefined } & Term)
  | ({ readonly type: "cut" } & Cut);

/** From a worker to its leader. */
export type Reply = { readonly type: "ready" | "restored"; readonly worker: number } | CutReply;

/** The supervisor's response to a leader that was elected. */
export interface Commission {
  readonly type: "commission";
  readonly strike: Strike | undefined;
}

/** What a leader is sent. */
export type ToLeader = Reply | Commission;

export interface CutReply {
  readonly type: "cut";
  readonly worker: number;
  /** The receipts of the vnodes that changed: their partials are durable. */
  readonly parts: readonly PartialReceipt[];
  readonly unchanged: readonly number[];
  /** The staged file of the epoch's rows. */
  readonly file: string;
}

export interface Volume {
  readonly partials: number;
  readonly bytes: number;
}

/** A leader has taken over: the fence of its version is in the store. It waits for its commission. */
export interface Elected {
  readonly type: "elected";
  readonly version: number;
  /** The newest sealed epoch. Nobody of a lower version seals a later one. */
  readonly base: number | undefined;
}

/** The workers have the state of epoch `base`, or none, and go on from the row `nextRow`. */
export interface Recovered {
  readonly type: "recovered";
  readonly base: number | undefined;
  readonly nextRow: number;
}

/** An epoch is sealed. */
export interface SealedCut extends Cut {
  readonly type: "sealed";
  readonly written: Volume;
  /** The partials that the seal takes over from earlier epochs. */
  readonly unchanged: Volume;
}

export interface Pruned {
  readonly type: "pruned";
  readonly objects: number;
  readonly bytes: number;
}

/** A leader was refused, or does not know how a request ended. */
export interface GaveUp {
  readonly type: "gave up";
  readonly code: StateErrorCode;
  readonly sealed: Sealed;
  readonly message: string;
}

/** A process has reached its strike, and is killed or paused right after this message. */
export interface Struck {
  readonly type: "struck";
  readonly strike: Strike;
  readonly epoch: number;
  /** The row that the epoch goes up to. */
  readonly to: number;
}

/** A step of the work. */
export type WorkEvent = Elected | Recovered | SealedCut | Pruned;

/** From the leader or a worker to the supervisor. */
export type SupervisorMessage = WorkEvent | { readonly type: "finished" } | GaveUp | Struck;

/** What a leader sends; the supervisor passes orders on to the crew's workers. */
export type FromLeader =
  | { readonly to: "workers"; readonly order: Order }
  | { readonly to: "supervisor"; readonly message: SupervisorMessage };

/** What a worker sends; the supervisor passes replies on to the crew's leader. */
export type FromWorker =
  | { readonly to: "leader"; readonly reply: Reply }
  | { readonly to: "supervisor"; readonly message: SupervisorMessage };
