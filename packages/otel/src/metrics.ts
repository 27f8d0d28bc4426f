import type { Attributes, Context, Meter } from "@opentelemetry/api";
import type { CallEnd, CallEvent, DecisionEvent, RequestEvent, RetentionEvent, Seal } from "@state/core";
import { SealAge } from "./seal-age.ts";
import { sizesOf } from "./sealed-sizes.ts";

/** Seconds. From a store in memory up to the 45 s that one request has with its retries, and what calls add up to. */
const boundaries = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30, 45, 90, 180, 600,
];

/** The outcomes of a request that are no failures: others have created the object, or nobody has. */
const fine: ReadonlySet<RequestEvent["outcome"]> = new Set(["ok", "exists", "absent"]);

/** What a request that has failed has met. */
export function failureOf({ outcome }: RequestEvent): string | undefined {
  return fine.has(outcome) ? undefined : outcome;
}

/** Every metric of one `onEvent`. */
export class Metrics {
  readonly #common: Attributes;
  readonly #now: () => number;
  readonly #calls;
  readonly #requests;
  readonly #retries;
  readonly #io;
  readonly #seals;
  readonly #restores;
  readonly #decisions;
  readonly #refusals;
  readonly #unknown;
  readonly #prunes;
  readonly #prunedEpochs;
  readonly #prunedObjects;
  readonly #prunedBytes;
  readonly #failedDeletes;
  readonly #sealedEpoch;
  readonly #sealedBytes;
  readonly #floor;
  readonly #pinned;
  readonly #age: SealAge;
  /** Calls of `epochComplete` that have sealed and not ended yet. */
  readonly #sealing = new Set<number>();
  /** The last epoch whose bytes were counted: it may be asked for again. */
  #counted: number | undefined;
  /** A takeover, and the reads after it, until the first write. */
  #restore: { readonly started: number; ended?: number | undefined } | undefined;

  constructor(meter: Meter, common: Attributes, now: () => number) {
    const seconds = (name: string, description: string): ReturnType<Meter["createHistogram"]> =>
      meter.createHistogram(name, {
        unit: "s",
        description,
        advice: { explicitBucketBoundaries: boundaries },
      });
    const counter = (name: string, unit: string, description: string): ReturnType<Meter["createCounter"]> =>
      meter.createCounter(name, { unit, description });
    const gauge = (name: string, unit: string, description: string): ReturnType<Meter["createGauge"]> =>
      meter.createGauge(name, { unit, description });
    this.#common = common;
    this.#now = now;
    this.#calls = seconds("state.call.duration", "Calls of the backend");
    this.#requests = seconds("state.request.duration", "Attempts of store requests");
    this.#retries = counter("state.request.retries", "{attempt}", "Attempts after the first");
    this.#io = counter("state.request.io", "By", "Bodies that were sent and received, in every attempt");
    this.#seals = seconds("state.seal.duration", "Calls of epochComplete that sealed an epoch");
    this.#restores = seconds(
      "state.restore.duration",
      "From the start of takeover to the last read before the first write",
    );
    this.#decisions = counter("state.decisions", "{decision}", "What the protocol decided");
    this.#refusals = counter("state.fence.refusals", "{refusal}", "Calls refused as stale or as split-brain");
    this.#unknown = counter("state.unknown_outcomes", "{call}", "Calls whose outcome is not known");
    this.#prunes = counter("state.prunes", "{prune}", "Automatic prunes");
    this.#prunedEpochs = counter("state.pruned.epochs", "{epoch}", "Epochs that automatic prunes emptied");
    this.#prunedObjects = counter(
      "state.pruned.objects",
      "{object}",
      "Objects that automatic prunes deleted",
    );
    this.#prunedBytes = counter("state.pruned.size", "By", "Bytes that automatic prunes deleted");
    this.#failedDeletes = counter("state.prune.failed_deletes", "{object}", "Deletes of prunes that failed");
    this.#sealedEpoch = gauge("state.epoch.sealed", "{epoch}", "The epoch that was sealed last");
    this.#sealedBytes = counter("state.sealed.size", "By", "Bytes that sealed epochs name");
    this.#floor = gauge("state.epoch.floor", "{epoch}", "The lowest epoch that automatic prunes have left");
    this.#pinned = gauge("state.epoch.pinned", "{epoch}", "Pinned epochs below the floor");
    const age = meter.createObservableGauge("state.seal.age", {
      unit: "s",
      description: "Since the newest seal of this process; before the first one, since takeover",
    });
    this.#age = new SealAge(age, common, now);
    this.#startAtZero();
  }

  call(event: CallEvent): void {
    if (event.phase === "start") this.#started(event);
    else this.#ended(event);
  }

  /** @param context of the call's span, for exemplars */
  callDuration(event: CallEnd, context: Context): void {
    const { call, outcome, durationMs } = event;
    const failure = outcome === "ok" ? {} : { "error.type": outcome };
    this.#calls.record(durationMs / 1000, { ...this.#common, "state.call": call, ...failure }, context);
    if (this.#sealing.delete(event.id)) this.#seals.record(durationMs / 1000, this.#common, context);
  }

  request(event: RequestEvent, context: Context): void {
    const { operation, outcome, attempt, bytes, durationMs } = event;
    const ofOperation = { ...this.#common, "state.request.operation": operation };
    const failure = failureOf(event);
    this.#requests.record(
      durationMs / 1000,
      {
        ...ofOperation,
        "state.request.outcome": outcome,
        ...(failure === undefined ? {} : { "error.type": failure }),
      },
      context,
    );
    if (attempt > 1) this.#retries.add(1, ofOperation, context);
    if (bytes === 0) return;
    const direction = operation === "create" ? "transmit" : "receive";
    this.#io.add(bytes, { ...this.#common, "network.io.direction": direction }, context);
  }

  decision({ decision, epoch, callId, seal }: DecisionEvent): void {
    const attributes = { ...this.#common, "state.decision": decision };
    this.#decisions.add(1, attributes);
    if (decision === "sealed") {
      if (callId !== undefined) this.#sealing.add(callId);
      if (epoch !== undefined) this.#sealedEpoch.record(epoch, this.#common);
      if (seal !== undefined) this.#sealed(seal);
      this.#age.restart();
    } else if (decision === "takeover") this.#age.restart();
    else if (decision === "stale" || decision === "split-brain") this.#refusals.add(1, attributes);
  }

  retention(event: RetentionEvent): void {
    this.#prunes.add(1, { ...this.#common, "state.prune.outcome": event.outcome });
    if (event.outcome === "failed") return;
    const { epochs, objects, bytes, failedCount, floor, pinned } = event.report;
    this.#prunedEpochs.add(epochs, this.#common);
    this.#prunedObjects.add(objects, this.#common);
    this.#prunedBytes.add(bytes, this.#common);
    this.#failedDeletes.add(failedCount, this.#common);
    this.#floor.record(floor, this.#common);
    this.#pinned.record(pinned, this.#common);
  }

  /** An increase is only seen from a value to the next: what alerts are about is there before it happens. */
  #startAtZero(): void {
    this.#unknown.add(0, this.#common);
    this.#failedDeletes.add(0, this.#common);
    for (const decision of ["stale", "split-brain"])
      this.#refusals.add(0, { ...this.#common, "state.decision": decision });
    for (const outcome of ["pruned", "failed"])
      this.#prunes.add(0, { ...this.#common, "state.prune.outcome": outcome });
  }

  #sealed(seal: Seal): void {
    if (seal.epoch === this.#counted) return;
    this.#counted = seal.epoch;
    for (const [origin, bytes] of Object.entries(sizesOf(seal)))
      this.#sealedBytes.add(bytes, { ...this.#common, "state.sealed.origin": origin });
  }

  #started({ call }: CallEvent): void {
    if (call === "takeover") this.#restore = { started: this.#now() };
    // A takeover that is under way, or has failed, has restored nothing.
    if (!writes.has(call) || this.#restore?.ended === undefined) return;
    this.#restores.record((this.#restore.ended - this.#restore.started) / 1000, this.#common);
    this.#restore = undefined;
  }

  #ended({ call, outcome }: CallEnd): void {
    if (outcome === "OutcomeUnknown") this.#unknown.add(1, this.#common);
    if (call === "close") this.#age.stop();
    if (outcome !== "ok" || this.#restore === undefined) return;
    const isRead = call === "read" || call === "stream";
    if (call === "takeover" || (isRead && this.#restore.ended !== undefined))
      this.#restore = { ...this.#restore, ended: this.#now() };
  }
}

/** The calls by which a job goes on from what it has restored. */
const writes = new Set(["writePartial", "writeAttachment", "epochComplete"]);
