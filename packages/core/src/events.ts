import type { StateError, StateErrorCode, StoreErrorCode } from "./errors.ts";
import type { Seal } from "./seal.ts";
import type { PruneReport } from "./state-backend.ts";

/**
 * What a backend tells its `onEvent`: each call as it starts and as it ends, each store request as it ends, each decision of
 * the protocol, and what each automatic prune has come to.
 */
export type BackendEvent = CallEvent | RequestEvent | DecisionEvent | RetentionEvent;

/**
 * A call whose arguments are sound. `stream` and `epochs` are one call each, from the first `next` until the iterator has
 * ended, or whoever iterates has left it: what they do between is in the duration.
 */
export type CallEvent = CallStart | CallEnd;

/** Told before the call has returned its promise, so in the caller's own context. */
export interface CallStart {
  readonly type: "call";
  readonly phase: "start";
  /** Of no other call of this process. Calls run side by side, and their events come mixed. */
  readonly id: number;
  /**
   * The method's name, such as `epochComplete`. `read` and `stream` are those of a sealed epoch; `readAttachment` is `read`
   * too, and an automatic prune is a `prune`.
   */
  readonly call: string;
  /** Where the call is about one. */
  readonly epoch?: number | undefined;
}

/** Told before whoever called goes on. */
export interface CallEnd extends Omit<CallStart, "phase"> {
  readonly phase: "end";
  readonly durationMs: number;
  /** `error`: rejected with something that is neither the signal's reason nor a `StateError`. */
  readonly outcome: "ok" | "aborted" | "error" | StateErrorCode;
}

/** One attempt of one store request. */
export interface RequestEvent {
  readonly type: "request";
  /** The `id` of the call that it is for. */
  readonly callId?: number | undefined;
  readonly operation: "create" | "get" | "list" | "delete";
  /** The key; of a list its prefix; of a delete the first of its keys. */
  readonly key: string;
  /** 1 for the first. */
  readonly attempt: number;
  readonly durationMs: number;
  /** Of the body that was sent or received; 0 for list and delete. */
  readonly bytes: number;
  readonly outcome: "ok" | "exists" | "absent" | "aborted" | StoreErrorCode;
}

/**
 * | decision | meaning |
 * | --- | --- |
 * | `sealed` | this backend's epoch is complete |
 * | `void` | an epoch was found, or made, void |
 * | `stale` | refused: a version that this backend does not hold has been claimed |
 * | `split-brain` | refused: another instance sealed the epoch |
 * | `superseded` | refused: a later epoch of this backend is sealed, or may be |
 * | `pruned` | a floor was published, or a call met an epoch below it |
 * | `given-up` | this backend gave up an epoch whose `_COMMIT` cannot be read |
 * | `takeover` | this backend holds the fence |
 */
export interface DecisionEvent {
  readonly type: "decision";
  /** The `id` of the call that it was made in. */
  readonly callId?: number | undefined;
  readonly decision:
    | "sealed"
    | "void"
    | "stale"
    | "split-brain"
    | "superseded"
    | "pruned"
    | "given-up"
    | "takeover";
  readonly epoch?: number | undefined;
  readonly version?: number | undefined;
  readonly committer?: string | undefined;
  /** Of `sealed`: what the epoch holds now, of its own and of earlier epochs. */
  readonly seal?: Seal | undefined;
}

/** The end of a prune that `open({ retention })` made; nothing else tells of it. */
export type RetentionEvent =
  /** `report.failedCount` deletes failed; the next prune finds what is left. */
  | { readonly type: "retention"; readonly outcome: "pruned"; readonly report: PruneReport }
  /**
   * What `prune` would have rejected with: a `StateError`, such as `StaleVersion` of a leader that was deposed. The next
   * epoch that is completed starts another prune.
   */
  | { readonly type: "retention"; readonly outcome: "failed"; readonly error: unknown };

const refusals: { readonly [C in StateErrorCode]?: DecisionEvent["decision"] } = {
  StaleVersion: "stale",
  SplitBrainCommit: "split-brain",
  EpochAborted: "void",
  EpochPruned: "pruned",
  EpochSuperseded: "superseded",
};

/** The decision of the protocol that a call was refused by, if it was one. */
export function refusalOf({ code, epoch, version, committer }: StateError): DecisionEvent | undefined {
  const decision = refusals[code];
  return decision === undefined ? undefined : { type: "decision", decision, epoch, version, committer };
}

/** Tells whoever watches; never throws. `undefined`: nobody does, and no event is made. */
export type EventSink = ((event: BackendEvent) => void) | undefined;

/** Makes of a user's `onEvent` a function that never throws: what the hook throws must not decide an epoch. */
export function eventSink(onEvent: EventSink): EventSink {
  return (
    onEvent &&
    ((event) => {
      try {
        onEvent(event);
      } catch (error) {
        report(error);
      }
    })
  );
}

/** `reportError` where the platform has it (Node has not); there an uncaught error is what it would become. */
function report(error: unknown): void {
  if (typeof globalThis.reportError === "function") {
    globalThis.reportError(error);
    return;
  }
  queueMicrotask(() => {
    throw error;
  });
}
