import {
  type Attributes,
  diag,
  type MeterProvider,
  metrics,
  trace,
  type TracerProvider,
} from "@opentelemetry/api";
import type { BackendEvent } from "@state/core";
import { Metrics } from "./metrics.ts";
import { Spans } from "./spans.ts";

export interface InstrumentOptions {
  /** Default: the global one, as it is when `instrument` is called. */
  readonly meterProvider?: MeterProvider | undefined;
  /** Default: the global one. */
  readonly tracerProvider?: TracerProvider | undefined;
  /** On every metric and span: what tells this backend from others of the process. */
  readonly attributes?: Attributes | undefined;
  /** Milliseconds since 1970. Default: `performance.timeOrigin + performance.now()`. */
  readonly now?: (() => number) | undefined;
}

const scope = "@state/otel";

/**
 * An `onEvent` that makes metrics and spans of what a backend tells. One for each backend, unless they may share every
 * number. It never throws: what a provider throws goes to OpenTelemetry's `diag`.
 *
 * ```ts
 * const backend = await ObjectStoreBackend.open({ store, instanceId, vnodeCapacity, onEvent: instrument() });
 * ```
 */
export function instrument(options: InstrumentOptions = {}): (event: BackendEvent) => void {
  const {
    meterProvider = metrics.getMeterProvider(),
    tracerProvider = trace.getTracerProvider(),
    attributes = {},
    now = () => performance.timeOrigin + performance.now(),
  } = options;
  const spans = new Spans(tracerProvider.getTracer(scope), attributes, now);
  const measured = new Metrics(meterProvider.getMeter(scope), attributes, now);
  return (event) => {
    // Each by itself: if one throws, the other is told all the same.
    guarded(() => measure(measured, spans, event));
    guarded(() => trail(spans, event));
  };
}

function measure(measured: Metrics, spans: Spans, event: BackendEvent): void {
  switch (event.type) {
    case "call":
      measured.call(event);
      // Before the span ends: an exemplar refers to it.
      if (event.phase === "end") measured.callDuration(event, spans.contextOf(event.id));
      break;
    case "request":
      measured.request(event, spans.contextOf(event.callId));
      break;
    case "decision":
      measured.decision(event);
      break;
    case "retention":
      measured.retention(event);
      break;
    // A later core may tell more.
    default:
  }
}

function trail(spans: Spans, event: BackendEvent): void {
  if (event.type === "request") spans.request(event);
  if (event.type === "decision") spans.decision(event);
  if (event.type !== "call") return;
  if (event.phase === "start") spans.start(event);
  else spans.end(event);
}

function guarded(tell: () => void): void {
  try {
    tell();
  } catch (error) {
    diag.error("@state/otel could not tell of an event", error);
  }
}
