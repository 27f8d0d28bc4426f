import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { PrometheusExporter } from "@opentelemetry/exporter-prometheus";
import { MeterProvider } from "@opentelemetry/sdk-metrics";
import { ObjectStoreBackend } from "@state/core";
import { MemoryStore } from "@state/memory";
import { ScriptedStore } from "../../../core/src/conformance/backend-suite/scripted-store.ts";
import { instrument } from "../../src/index.ts";

/** What Prometheus scrapes from a job that has taken over, sealed, restored, pruned, and met failures. */
export async function exposedText(): Promise<string> {
  const exporter = new PrometheusExporter({ preventServerStart: true });
  const meterProvider = new MeterProvider({ readers: [exporter] });
  const onEvent = instrument({ meterProvider, attributes: { "state.instance": "A" } });
  const store = new ScriptedStore(new MemoryStore());
  const retry = { attempts: 2, sleep: () => Promise.resolve() };
  const pruned = Promise.withResolvers<void>();
  const backend = await ObjectStoreBackend.open({
    store,
    instanceId: "A",
    vnodeCapacity: 1,
    retry,
    retention: { keep: 1 },
    onEvent: (event) => {
      onEvent(event);
      if (event.type === "retention") pruned.resolve();
    },
  });
  const seal = async (epoch: number): Promise<void> => {
    const { authoritativeVersion: assignmentVersion } = backend;
    const bytes = new Uint8Array([epoch]);
    const part = await backend.writePartial({ epoch, vnode: 0, assignmentVersion, bytes });
    await backend.epochComplete({ epoch, parts: [part] });
  };
  await seal(1);
  store.refuse("list _control/", "Throttled");
  const { base, nextEpoch } = await backend.takeover({ version: 1 });
  await base?.read(0);
  await seal(nextEpoch);
  // Waits for the prune: only what has ended is told.
  await pruned.promise;

  const server = createServer((request, response) => exporter.getMetricsRequestHandler(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const { port } = server.address() as AddressInfo;
    const response = await fetch(`http://127.0.0.1:${port}/metrics`);
    return await response.text();
  } finally {
    server.close();
  }
}
