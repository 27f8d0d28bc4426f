/** What arrives by OTLP, decoded by OpenTelemetry's own definitions and not by those of the SDK that sent it. */
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-proto";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { BatchSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { type BackendEvent, ObjectStoreBackend } from "@state/core";
import { MemoryStore } from "@state/memory";
import { commandFor, isInstalled, opentelemetryProto } from "@state/servers";
import { describe, expect, onTestFinished, test } from "vitest";
import { instrument } from "../src/index.ts";
import { OtlpReceiver, type OtlpSpan } from "./support/otlp-receiver.ts";
import { useContextManager } from "./support/watched-backend.ts";

const isThere = isInstalled(opentelemetryProto);
const hint = isThere ? "" : ` (skipped: nothing decodes it here; ${commandFor(opentelemetryProto)})`;

describe.skipIf(!isThere)(`an OTLP receiver${hint}`, () => {
  test("gets a span for each call below its caller's, and one for each request below its call", async () => {
    const receiver = await startReceiver();
    onTestFinished(useContextManager());
    const exporter = new OTLPTraceExporter({ url: `${receiver.url}/v1/traces` });
    const tracerProvider = new TracerProvider({ spanProcessors: [new BatchSpanProcessor({ exporter })] });
    const told: BackendEvent[] = [];
    const onEvent = instrument({ tracerProvider });
    const backend = await ObjectStoreBackend.open({
      store: new MemoryStore(),
      instanceId: "A",
      vnodeCapacity: 4,
      onEvent: (event) => {
        told.push(event);
        onEvent(event);
      },
    });
    const application = tracerProvider.getTracer("application");
    await backend.takeover({ version: 1 });

    // Side by side, and across awaits: whose span a call is below is told by its caller alone.
    await Promise.all(
      [0, 1, 2, 3].map((vnode) =>
        application.startActiveSpan(`worker ${vnode}`, async (span) => {
          await new Promise(setImmediate);
          await backend.writePartial({ epoch: 1, vnode, assignmentVersion: 1, bytes: new Uint8Array(9) });
          await new Promise(setImmediate);
          await backend.readPartial({ epoch: 1, vnode });
          span.end();
        }),
      ),
    );
    await application.startActiveSpan("leader", async (span) => {
      await backend.epochComplete({ epoch: 1, parts: [0, 1, 2, 3] });
      span.end();
    });
    await tracerProvider.shutdown();

    const spans = await receiver.spans();
    const parents = new Map(spans.map((span) => [span.spanId, span.name]));
    const parentOf = ({ parentSpanId = "" }: OtlpSpan): string | undefined => parents.get(parentSpanId);
    const below = (name: string): string[] =>
      spans.filter((span) => span.name === name).map((span) => parentOf(span) ?? "");
    const workers = ["worker 0", "worker 1", "worker 2", "worker 3"];
    expect(below("state.writePartial").toSorted()).toEqual(workers);
    expect(below("state.readPartial").toSorted()).toEqual(workers);
    expect(below("state.epochComplete")).toEqual(["leader"]);
    const calls = new Map(told.flatMap((event) => (event.type === "call" ? [[event.id, event.call]] : [])));
    const expected = told.flatMap((event) =>
      event.type === "request"
        ? [`state.${calls.get(event.callId ?? Number.NaN)} > state.request ${event.operation} ${event.key}`]
        : [],
    );
    const requests = spans.filter(({ name }) => name.startsWith("state.request"));
    expect(expected.length).toBeGreaterThan(10);
    expect(requests.map((span) => `${parentOf(span)} > ${span.name} ${keyOf(span)}`).toSorted()).toEqual(
      expected.toSorted(),
    );
    const leader = spans.find(({ name }) => name === "leader");
    const inTrace = spans.filter(({ traceId }) => traceId === leader?.traceId).map(({ name }) => name);
    expect(inTrace).toContain("state.request create");
    expect(inTrace).not.toContain("state.writePartial");
  }, 120_000);

  test("gets every metric of a job, with its unit", async () => {
    const receiver = await startReceiver();
    const exporter = new OTLPMetricExporter({ url: `${receiver.url}/v1/metrics` });
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 2 ** 30 });
    const meterProvider = new MeterProvider({ readers: [reader] });
    const backend = await ObjectStoreBackend.open({
      store: new MemoryStore(),
      instanceId: "A",
      vnodeCapacity: 4,
      onEvent: instrument({ meterProvider }),
    });
    await backend.takeover({ version: 1 });
    await backend.epochComplete({ epoch: 1, parts: [{ vnode: 0, bytes: new Uint8Array(9) }] });
    await backend.close();
    await meterProvider.shutdown();

    const units = Object.fromEntries((await receiver.metrics()).map(({ name, unit }) => [name, unit]));
    expect(units).toMatchObject({
      "state.call.duration": "s",
      "state.request.duration": "s",
      "state.request.io": "By",
      "state.seal.duration": "s",
      "state.seal.age": "s",
      "state.sealed.size": "By",
      "state.epoch.sealed": "{epoch}",
      "state.unknown_outcomes": "{call}",
    });
  }, 120_000);
});

async function startReceiver(): Promise<OtlpReceiver> {
  const receiver = await OtlpReceiver.start();
  onTestFinished(() => receiver.close());
  return receiver;
}

function keyOf({ attributes }: OtlpSpan): string {
  const value = attributes.find(({ key }) => key === "state.request.key")?.value;
  return String(value?.["stringValue"]);
}
