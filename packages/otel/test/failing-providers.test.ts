import { diag, DiagLogLevel, type Meter, type MeterProvider, type TracerProvider } from "@opentelemetry/api";
import { ObjectStoreBackend } from "@state/core";
import { MemoryStore } from "@state/memory";
import { afterEach, expect, test, vi } from "vitest";
import { instrument } from "../src/index.ts";

const broken = (): never => {
  throw new Error("the provider is broken");
};
const instrumentThatThrows = {
  record: broken,
  add: broken,
  addCallback: broken,
  removeCallback: broken,
};

afterEach(() => {
  diag.disable();
  vi.unstubAllGlobals();
});

test("what instruments throw decides no epoch, becomes no uncaught error, and goes to diag", async () => {
  const told: unknown[] = [];
  const uncaught: unknown[] = [];
  vi.stubGlobal("reportError", (error: unknown) => uncaught.push(error));
  diag.setLogger(
    { error: (_message, error) => told.push(error), warn() {}, info() {}, debug() {}, verbose() {} },
    { logLevel: DiagLogLevel.ERROR, suppressOverrideMessage: true },
  );
  const onEvent = instrument(brokenProviders());
  const open = { store: new MemoryStore(), instanceId: "A", vnodeCapacity: 1, onEvent };

  await using backend = await ObjectStoreBackend.open(open);
  const { nextEpoch: epoch } = await backend.takeover({ version: 1 });
  const outcome = await backend.epochComplete({ epoch, parts: [{ vnode: 0, bytes: new Uint8Array([1]) }] });

  expect(outcome.complete).toBe(true);
  expect(uncaught).toEqual([]);
  expect(told.length).toBeGreaterThan(5);
});

test("spans are ended, though metrics throw", () => {
  const ended: string[] = [];
  const { meterProvider } = brokenProviders();
  const onEvent = instrument({ meterProvider, tracerProvider: noting(ended) });

  onEvent({ type: "call", phase: "start", id: 1, call: "latest" });
  onEvent({ type: "call", phase: "end", id: 1, call: "latest", durationMs: 1, outcome: "ok" });

  expect(ended).toEqual(["state.latest"]);
});

const make = (): object => instrumentThatThrows;

/** Providers whose instruments and spans are made, and throw whenever they are used. */
function brokenProviders(): { meterProvider: MeterProvider; tracerProvider: TracerProvider } {
  const meter = {
    createHistogram: make,
    createCounter: () => ({ ...instrumentThatThrows, add: failAfterZeros() }),
    createGauge: make,
    createObservableGauge: make,
  };
  return {
    meterProvider: { getMeter: () => meter as unknown as Meter },
    tracerProvider: { getTracer: () => ({ startSpan: broken, startActiveSpan: broken }) },
  };
}

/** `instrument` itself runs before there is a backend: what it throws is the caller's to see. */
function failAfterZeros(): (value: number) => void {
  return (value) => {
    if (value !== 0) broken();
  };
}

function noting(ended: string[]): TracerProvider {
  return {
    getTracer: () => ({
      startSpan: (name: string) =>
        ({
          setAttribute: () => undefined,
          setStatus: () => undefined,
          end: () => ended.push(name),
        }) as never,
      startActiveSpan: broken,
    }),
  };
}
