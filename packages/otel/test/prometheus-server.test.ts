/** A job that a real Prometheus scrapes, and the alerts that it evaluates. */
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { once } from "node:events";
import { PrometheusExporter } from "@opentelemetry/exporter-prometheus";
import { MeterProvider } from "@opentelemetry/sdk-metrics";
import { ObjectStoreBackend } from "@state/core";
import { MemoryStore } from "@state/memory";
import { hasPrometheus, prometheusCommand, startPrometheus } from "@state/servers";
import { describe, expect, onTestFinished, test } from "vitest";
import { instrument } from "../src/index.ts";

const isThere = hasPrometheus();
const hint = isThere ? "" : ` (skipped: no Prometheus here; ${prometheusCommand})`;

/** It scrapes and evaluates once a second. */
const patience = { timeout: 60_000, interval: 200 };

describe.skipIf(!isThere)(`Prometheus${hint}`, () => {
  test("has what a job measures, and tells that it stopped to seal, until it is closed", async () => {
    const clock = { ms: Date.now() };
    const exporter = new PrometheusExporter({ preventServerStart: true });
    const meterProvider = new MeterProvider({ readers: [exporter] });
    const attributes = { "state.instance": "A" };
    const backend = await ObjectStoreBackend.open({
      store: new MemoryStore(),
      instanceId: "A",
      vnodeCapacity: 4,
      onEvent: instrument({ meterProvider, attributes, now: () => clock.ms }),
    });
    await backend.takeover({ version: 1 });
    await backend.epochComplete({ epoch: 1, parts: [{ vnode: 0, bytes: new Uint8Array(300) }] });
    const alerts = await readFile(join(import.meta.dirname, "../alerts.yml"), "utf8");
    const rules = alerts.replace(/(alert: StateNoSeal\n.*\n +for:) 1m/, "$1 2s");
    expect(rules).not.toBe(alerts);
    const prometheus = new Client((await start(await exposed(exporter), rules)).endpoint);

    await expect.poll(() => prometheus.value("state_epoch_sealed"), patience).toBe(1);
    expect(await prometheus.value('state_sealed_size_total{state_sealed_origin="written"}')).toBe(300);
    expect(await prometheus.value('state_call_duration_count{state_call="epochComplete"}')).toBe(1);
    expect(await prometheus.value('state_fence_refusals_total{state_decision="split-brain"}')).toBe(0);
    await expect
      .poll(() => prometheus.healthOfAlerts(), patience)
      .toEqual({
        StateNoSeal: "ok",
        StateOutcomeUnknown: "ok",
        StateFenceRefusals: "ok",
        StateRequestsFailing: "ok",
        StateSealingSlow: "ok",
        StatePrunesFailing: "ok",
      });
    expect(await prometheus.firing()).toEqual([]);

    clock.ms += 700_000;
    await expect
      .poll(() => prometheus.firing(), patience)
      .toEqual(["flights has sealed no epoch for 11m 40s"]);

    await backend.close();
    await expect.poll(() => prometheus.firing(), patience).toEqual([]);
    expect(await prometheus.value("state_seal_age")).toBeNaN();
  }, 300_000);
});

/** Serves what the exporter has collected. */
async function exposed(exporter: PrometheusExporter): Promise<string> {
  const server = createServer((request, response) => exporter.getMetricsRequestHandler(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function start(target: string, rules: string): ReturnType<typeof startPrometheus> {
  const server = await startPrometheus({ target, rules });
  onTestFinished(() => server.stop());
  return server;
}

/** Of its HTTP API. */
class Client {
  readonly #endpoint: string;

  constructor(endpoint: string) {
    this.#endpoint = endpoint;
  }

  /** The value of the one series that the query finds. */
  async value(query: string): Promise<number | undefined> {
    const { result } = await this.#get<{ readonly result: readonly Sample[] }>(
      `query?query=${encodeURIComponent(query)}`,
    );
    const [sample] = result;
    return sample === undefined ? undefined : Number(sample.value[1]);
  }

  async healthOfAlerts(): Promise<Record<string, string>> {
    const { groups } = await this.#get<{ readonly groups: readonly { readonly rules: readonly Rule[] }[] }>(
      "rules",
    );
    const rules = groups.flatMap((group) => group.rules);
    return Object.fromEntries(rules.map(({ name, health }) => [name, health]));
  }

  /** What the alerts say that fire. */
  async firing(): Promise<readonly string[]> {
    const { alerts } = await this.#get<{ readonly alerts: readonly Alert[] }>("alerts");
    return alerts.filter(({ state }) => state === "firing").map(({ annotations }) => annotations.summary);
  }

  async #get<T>(path: string): Promise<T> {
    const response = await fetch(`${this.#endpoint}/api/v1/${path}`);
    const { data } = (await response.json()) as { readonly data: T };
    return data;
  }
}

interface Sample {
  readonly value: readonly [at: number, value: string];
}

interface Rule {
  readonly name: string;
  readonly health: string;
}

interface Alert {
  readonly state: string;
  readonly annotations: { readonly summary: string };
}
