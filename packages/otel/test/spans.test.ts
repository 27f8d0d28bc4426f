import { context, type Span, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  epochStart,
  seal,
  useContextManager,
  type Watched,
  watchedBackend,
} from "./support/watched-backend.ts";

let disable: () => void;
beforeAll(() => {
  disable = useContextManager();
});
afterAll(() => disable());

describe("a call has a span", () => {
  test("below the span that was current when it was made, also after an await", async () => {
    const watched = await watchedBackend();
    const job = spanOf(watched, "job");

    await context.with(trace.setSpan(context.active(), job), async () => {
      await watched.backend.latest();
      await watched.backend.control();
    });

    expect(named(watched, "state.latest").map(parentOf)).toEqual([job.spanContext().spanId]);
    expect(named(watched, "state.control").map(parentOf)).toEqual([job.spanContext().spanId]);
    expect(named(watched, "state.open").map(parentOf)).toEqual([undefined]);
  });

  test("with its name, its epoch, its times and no status, if it succeeds", async () => {
    const watched = await watchedBackend();
    const held = watched.store.hold("list _control/");

    const call = watched.backend.abort(5);
    await held.arrived;
    watched.clock.ms += 1_250;
    held.release();
    await call;

    const [span] = named(watched, "state.abort");
    expect(span).toMatchObject({
      kind: SpanKind.INTERNAL,
      attributes: { "state.instance": "A", "state.call": "abort", "state.epoch": 5 },
      startTime: [epochStart / 1000, 0],
      endTime: [epochStart / 1000 + 1, 250_000_000],
      status: { code: SpanStatusCode.UNSET },
    });
  });

  test("with the code of its error as status and error.type", async () => {
    const watched = await watchedBackend();
    await watched.backend.abort(5);

    await seal(watched, 5).catch(() => undefined);

    const [span] = named(watched, "state.epochComplete");
    expect(span).toMatchObject({
      attributes: { "error.type": "EpochAborted" },
      status: { code: SpanStatusCode.ERROR, message: "EpochAborted" },
    });
  });

  test("without an error status if whoever called has aborted it", async () => {
    const watched = await watchedBackend();
    const held = watched.store.hold("list _control/");
    const controller = new AbortController();

    const call = watched.backend.control({ signal: controller.signal }).catch(() => undefined);
    await held.arrived;
    controller.abort();
    await call;

    for (const name of ["state.control", "state.request list"])
      expect(named(watched, name).at(-1)).toMatchObject({
        attributes: { "error.type": "aborted" },
        status: { code: SpanStatusCode.UNSET },
      });
  });

  test("with each decision as an event", async () => {
    const watched = await watchedBackend();
    await watched.backend.takeover({ version: 3 });

    await seal(watched, 5);

    const [span] = named(watched, "state.epochComplete");
    expect(span?.events.map(({ name, attributes }) => ({ name, attributes }))).toEqual([
      {
        name: "state.decision",
        attributes: {
          "state.decision": "sealed",
          "state.epoch": 5,
          "state.version": 3,
          "state.committer": "A",
        },
      },
    ]);
  });
});

describe("a request has a span", () => {
  test("below that of its call, for each attempt, from when it was sent", async () => {
    const watched = await watchedBackend();
    watched.store.refuse("list _control/", "Throttled");
    const held = watched.store.hold("list _control/");

    const calling = watched.backend.control();
    await held.arrived;
    watched.clock.ms += 500;
    held.release();
    await calling;

    const [call] = named(watched, "state.control");
    const requests = watched.spans().filter((span) => parentOf(span) === call?.spanContext().spanId);
    const common = {
      "state.instance": "A",
      "state.request.operation": "list",
      "state.request.key": "_control/",
    };
    expect(requests).toMatchObject([
      {
        name: "state.request list",
        kind: SpanKind.CLIENT,
        attributes: { ...common, "state.request.outcome": "Throttled", "error.type": "Throttled" },
        duration: [0, 0],
        status: { code: SpanStatusCode.ERROR },
      },
      {
        name: "state.request list",
        attributes: { ...common, "state.request.outcome": "ok", "state.request.resend_count": 1 },
        startTime: [epochStart / 1000, 0],
        duration: [0, 500_000_000],
        status: { code: SpanStatusCode.UNSET },
      },
    ]);
  });

  test("in the trace of its own call, when several calls of several traces run at once", async () => {
    const watched = await watchedBackend();
    const epochs = [5, 6, 7, 8];
    for (const epoch of epochs) await seal(watched, epoch, `state of ${epoch}`);
    const before = watched.spans().length;
    const jobs = epochs.map((epoch) => ({ epoch, job: spanOf(watched, `job ${epoch}`) }));

    await Promise.all(
      jobs.map(({ epoch, job }) =>
        context.with(trace.setSpan(context.active(), job), async () => {
          await watched.backend.readPartial({ epoch, vnode: 0 });
          await watched.backend.describeEpoch(epoch);
        }),
      ),
    );

    const spans = watched.spans().slice(before);
    const keysOf = (traceId: string): (string | undefined)[] =>
      spans
        .filter((span) => span.spanContext().traceId === traceId)
        .map(({ attributes }) => attributes["state.request.key"] as string | undefined)
        .filter((key) => key?.startsWith("epoch="));
    for (const { epoch, job } of jobs) {
      const keys = keysOf(job.spanContext().traceId);
      expect(keys.length).toBeGreaterThan(2);
      expect(keys.filter((key) => key?.startsWith(`epoch=${epoch}/`))).toEqual(keys);
    }
    expect(new Set(spans.map(parentOf)).has(undefined)).toBe(false);
  });

  test("below that of the whole stream, whichever piece it was for", async () => {
    const watched = await watchedBackend({ chunkBytes: 65_536, concurrency: 2 });
    const { backend } = watched;
    const bytes = (async function* () {
      for (let chunk = 0; chunk < 6; chunk++) yield new Uint8Array(65_536).fill(chunk);
    })();
    const part = await backend.writePartial({ epoch: 5, vnode: 0, assignmentVersion: 0, bytes });
    await backend.epochComplete({ epoch: 5, parts: [part] });
    const sealed = await backend.latest();

    for await (const piece of sealed?.stream(0) ?? []) expect(piece.length).toBe(65_536);

    const [stream, ...others] = named(watched, "state.stream");
    const below = watched.spans().filter((span) => parentOf(span) === stream?.spanContext().spanId);
    expect(others).toEqual([]);
    expect(below.map(({ name }) => name)).toEqual(Array.from({ length: 6 }, () => "state.request get"));
  });

  test("below that of the prune, when the prune runs beside the job", async () => {
    const watched = await watchedBackend({ retention: { keep: 1 } });
    await watched.backend.takeover({ version: 1 });
    await seal(watched, 5);
    await watched.backend.close();

    const [prune] = named(watched, "state.prune");
    const below = watched.spans().filter((span) => parentOf(span) === prune?.spanContext().spanId);
    expect(below.length).toBeGreaterThan(0);
  });
});

function spanOf({ tracerProvider }: Watched, name: string): Span {
  return tracerProvider.getTracer("test").startSpan(name, {}, context.active());
}

function named({ spans }: Watched, name: string): ReadableSpan[] {
  return spans().filter((span) => span.name === name);
}

function parentOf({ parentSpanContext }: ReadableSpan): string | undefined {
  return parentSpanContext?.spanId;
}
