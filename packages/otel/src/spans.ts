import {
  type Attributes,
  type Context,
  context,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from "@opentelemetry/api";
import type { CallEnd, CallStart, DecisionEvent, RequestEvent } from "@state/core";
import { failureOf } from "./metrics.ts";

interface Running {
  readonly span: Span;
  readonly context: Context;
}

/**
 * A span for each call, and below it one for each attempt of a request. Which call an event belongs to is told by its id
 * alone: calls run side by side, and whatever is current when an event comes may belong to another.
 */
export class Spans {
  readonly #tracer: Tracer;
  readonly #common: Attributes;
  readonly #now: () => number;
  readonly #running = new Map<number, Running>();

  constructor(tracer: Tracer, common: Attributes, now: () => number) {
    this.#tracer = tracer;
    this.#common = common;
    this.#now = now;
  }

  /** The start of a call is told within the call: the current context is the caller's. */
  start({ id, call, epoch }: CallStart): void {
    const parent = context.active();
    const attributes = { ...this.#common, "state.call": call, ...epochOf(epoch) };
    const span = this.#tracer.startSpan(
      `state.${call}`,
      { kind: SpanKind.INTERNAL, startTime: this.#now(), attributes },
      parent,
    );
    this.#running.set(id, { span, context: trace.setSpan(parent, span) });
  }

  end({ id, outcome }: CallEnd): void {
    const running = this.#running.get(id);
    if (running === undefined) return;
    this.#running.delete(id);
    fail(running.span, outcome === "ok" ? undefined : outcome);
    running.span.end(this.#now());
  }

  /** Told at its end, so its start is reckoned from how long it took. */
  request(event: RequestEvent): void {
    const { operation, key, attempt, durationMs, bytes, outcome } = event;
    const ended = this.#now();
    const span = this.#tracer.startSpan(
      `state.request ${operation}`,
      {
        kind: SpanKind.CLIENT,
        startTime: ended - durationMs,
        attributes: {
          ...this.#common,
          "state.request.operation": operation,
          "state.request.key": key,
          "state.request.outcome": outcome,
          "state.request.bytes": bytes,
          ...(attempt > 1 ? { "state.request.resend_count": attempt - 1 } : {}),
        },
      },
      this.contextOf(event.callId),
    );
    fail(span, failureOf(event));
    span.end(ended);
  }

  decision({ callId, decision, epoch, version, committer }: DecisionEvent): void {
    const running = callId === undefined ? undefined : this.#running.get(callId);
    running?.span.addEvent(
      "state.decision",
      {
        "state.decision": decision,
        ...epochOf(epoch),
        ...(version === undefined ? {} : { "state.version": version }),
        ...(committer === undefined ? {} : { "state.committer": committer }),
      },
      this.#now(),
    );
  }

  /** The context with the call's span; without such a call the current one. */
  contextOf(callId: number | undefined): Context {
    const running = callId === undefined ? undefined : this.#running.get(callId);
    return running?.context ?? context.active();
  }
}

function epochOf(epoch: number | undefined): Attributes {
  return epoch === undefined ? {} : { "state.epoch": epoch };
}

/** That whoever called has aborted is no error of the span. */
function fail(span: Span, failure: string | undefined): void {
  if (failure === undefined) return;
  span.setAttribute("error.type", failure);
  if (failure !== "aborted") span.setStatus({ code: SpanStatusCode.ERROR, message: failure });
}
