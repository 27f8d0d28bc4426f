import { context } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import {
  AggregationTemporality,
  type DataPoint,
  type Histogram,
  InMemoryMetricExporter,
  MeterProvider,
  type MetricData,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import {
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import { type BackendEvent, ObjectStoreBackend, type OpenOptions } from "@state/core";
import { MemoryStore } from "@state/memory";
import { instrument } from "../../src/index.ts";
import { ScriptedStore } from "../../../core/src/conformance/backend-suite/scripted-store.ts";

/** Keeps the current context across awaits, as an application's SDK does. */
export function useContextManager(): () => void {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  return () => context.disable();
}

export interface Watched {
  readonly backend: ObjectStoreBackend;
  readonly store: ScriptedStore;
  readonly memory: MemoryStore;
  readonly tracerProvider: TracerProvider;
  readonly onEvent: (event: BackendEvent) => void;
  /** The time that the instruments go by. */
  readonly clock: { ms: number };
  /** What the SDK would export now. */
  readonly collect: () => Promise<MetricData[]>;
  readonly spans: () => ReadableSpan[];
}

export const epochStart = 1_700_000_000_000;

export interface WatchOptions extends Partial<OpenOptions> {
  readonly memory?: MemoryStore;
  /** Told of each event after the instruments. */
  readonly alsoTold?: (event: BackendEvent) => void;
}

/** A backend on a store in memory whose requests a test can refuse, lose and hold, watched by the real SDK. */
export async function watchedBackend({
  memory = new MemoryStore(),
  alsoTold = () => undefined,
  ...options
}: WatchOptions = {}): Promise<Watched> {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 2 ** 30 });
  const meterProvider = new MeterProvider({ readers: [reader] });
  const spanExporter = new InMemorySpanExporter();
  const tracerProvider = new TracerProvider({
    spanProcessors: [new SimpleSpanProcessor({ exporter: spanExporter })],
  });
  const clock = { ms: epochStart };
  const onEvent = instrument({
    meterProvider,
    tracerProvider,
    attributes: { "state.instance": "A" },
    now: () => clock.ms,
  });
  const store = new ScriptedStore(memory);
  const backend = await ObjectStoreBackend.open({
    store,
    instanceId: "A",
    vnodeCapacity: 4,
    retry: { attempts: 2, sleep: () => Promise.resolve(), now: () => clock.ms },
    onEvent: (event) => {
      onEvent(event);
      alsoTold(event);
    },
    ...options,
  });
  const collect = async (): Promise<MetricData[]> => {
    const { resourceMetrics } = await reader.collect();
    return resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics);
  };
  const spans = (): ReadableSpan[] => spanExporter.getFinishedSpans();
  return { backend, store, memory, tracerProvider, onEvent, clock, collect, spans };
}

/** The points of one metric, without the attribute that all have. */
export async function pointsOf(
  { collect }: Watched,
  name: string,
): Promise<{ attributes: Record<string, unknown>; value: unknown }[]> {
  const metric = (await collect()).find(({ descriptor }) => descriptor.name === name);
  const points: readonly DataPoint<unknown>[] = metric?.dataPoints ?? [];
  return points.map(({ attributes, value }) => {
    const { "state.instance": _, ...others } = attributes;
    return { attributes: others, value };
  });
}

/** How often a histogram has recorded, and the sum of it in seconds, by its attributes as `name=value`. */
export async function recorded(watched: Watched, name: string): Promise<Record<string, [number, number]>> {
  const all: Record<string, [number, number]> = {};
  for (const { attributes, value } of await pointsOf(watched, name)) {
    const { count, sum = 0 } = value as Histogram;
    all[label(attributes)] = [count, sum];
  }
  return all;
}

/** The values of a counter or a gauge, by their attributes as `name=value`. */
export async function values(watched: Watched, name: string): Promise<Record<string, number>> {
  const points = await pointsOf(watched, name);
  return Object.fromEntries(points.map(({ attributes, value }) => [label(attributes), value as number]));
}

function label(attributes: Record<string, unknown>): string {
  return Object.entries(attributes)
    .map(([name, value]) => `${name}=${String(value)}`)
    .toSorted()
    .join(" ");
}

export async function seal({ backend }: Watched, epoch: number, text = "state"): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  const assignmentVersion = backend.authoritativeVersion;
  const part = await backend.writePartial({ epoch, vnode: 0, assignmentVersion, bytes });
  await backend.epochComplete({ epoch, parts: [part] });
}
