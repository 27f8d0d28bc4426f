import { isReason, isStateError } from "./errors.ts";
import type { CallEnd } from "./events.ts";
import type { Namespace } from "./namespace.ts";

/** A call that has begun, of which whoever watches the backend is told. */
export interface Call {
  /** What the call goes through, so that its requests and decisions are told as its own. */
  readonly namespace: Namespace;
  /** `undefined` if nobody watches. */
  readonly end?: (outcome: CallOutcome) => void;
}

export type CallOutcome = CallEnd["outcome"];

/** One count for all backends: several may share an `onEvent`. */
let begun = 0;

/** Tells synchronously that a call begins, since only then is the caller's context the current one. */
export function beginCall(call: string, namespace: Namespace, epoch: number | undefined): Call {
  const { client, emit } = namespace;
  if (emit === undefined) return { namespace };
  begun += 1;
  const names = { type: "call", id: begun, call, epoch } as const;
  const started = client.now();
  emit({ ...names, phase: "start" });
  return {
    namespace: namespace.ofCall(names.id),
    end: (outcome) => emit({ ...names, phase: "end", durationMs: client.now() - started, outcome }),
  };
}

/** What a call that has rejected is told to have come to. */
export function failureOf(error: unknown, signal: AbortSignal | undefined): CallOutcome {
  if (isReason(error, signal)) return "aborted";
  return isStateError(error) ? error.code : "error";
}
