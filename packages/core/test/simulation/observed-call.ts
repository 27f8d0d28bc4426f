import type { CallRequests } from "./connection.ts";
import type { History, View } from "./history.ts";
import type { Operation } from "./network.ts";

interface SentRequest {
  readonly name: string;
  /** What the store showed when the operation began: its first attempt, or first page. */
  readonly began: View;
}

export type CallKind =
  | "open"
  | "write"
  | "complete"
  | "abort"
  | "takeover"
  | "latest"
  | "latestCommittedEpoch"
  | "read"
  | "readPartial"
  | "sealedEpochs"
  | "describe"
  | "prune"
  | "pin"
  | "unpin"
  | "openPin"
  | "control"
  | "verify"
  | "copy"
  | "close";

/** One call as its client sees it, and the requests that were sent on its behalf. */
export class ObservedCall implements CallRequests {
  readonly kind: CallKind;
  readonly epoch: number | undefined;
  readonly start: View;
  /** Requests of this call that failed. */
  faults = 0;
  /** The floor and the fence when the last look at control began. */
  lastControl: View | undefined;
  /** When a response first showed what the epoch's `_COMMIT` is: before, it may be a void. */
  learnt: number | undefined;
  /** The id that was drawn in this call: an incarnation's, where it opened one. */
  uuid: string | undefined;
  /** Attempts that were sent. */
  requests = 0;
  /** Whether the epoch was listed. */
  hasListed = false;
  /** What it is known to have created. */
  created = 0;
  createdFence = false;
  /** What the store had gone through when the call began. */
  readonly changesBefore: number;
  readonly #history: History;
  /** Operations that have begun and not ended: a retry or another page belongs to what began before it. */
  readonly #running = new Map<string, View>();

  constructor(kind: CallKind, epoch: number | undefined, history: History) {
    this.kind = kind;
    this.epoch = epoch;
    this.start = history.view();
    this.changesBefore = history.changes;
    this.#history = history;
  }

  sent(operation: Operation, key: string): SentRequest {
    this.requests += 1;
    const name = `${operation} ${key}`;
    const began = this.#running.get(name) ?? this.#history.view();
    this.#running.set(name, began);
    if (name === "list _control/") this.lastControl = began;
    if (name === `list epoch=${this.epoch}/`) this.hasListed = true;
    return { name, began };
  }

  responded(request: SentRequest, found: readonly string[], isLast: boolean): void {
    if (isLast) this.#running.delete(request.name);
    if (request.name.startsWith("create ") && found.length > 0) {
      this.created += 1;
      this.createdFence ||= request.name.includes("/fence=");
    }
    if (this.learnt === undefined && found.includes(`epoch=${this.epoch}/_COMMIT`))
      this.learnt = this.#history.view().tick;
  }

  failed(): void {
    this.faults += 1;
  }
}
