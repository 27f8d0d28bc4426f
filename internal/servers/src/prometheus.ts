import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startProcess } from "./process.ts";
import type { Server } from "./server.ts";

export const prometheusCommand = "apt-get install prometheus";

/** Debian's package brings it. */
export function hasPrometheus(): boolean {
  return spawnSync("prometheus", ["--version"]).status === 0;
}

export interface PrometheusOptions {
  /** `127.0.0.1:PORT`, of which `/metrics` is scraped once a second, as the job `flights`. */
  readonly target: string;
  /** Of a file of rules, which are evaluated once a second. */
  readonly rules: string;
}

/** Starts Prometheus, with its data in a folder of its own. */
export async function startPrometheus({ target, rules }: PrometheusOptions): Promise<Server> {
  const folder = await mkdtemp(join(tmpdir(), "state-prometheus-"));
  const [config, rulesFile] = [join(folder, "prometheus.json"), join(folder, "rules.yml")];
  await writeFile(rulesFile, rules);
  // JSON is YAML.
  await writeFile(
    config,
    JSON.stringify({
      global: { scrape_interval: "1s", evaluation_interval: "1s" },
      rule_files: [rulesFile],
      scrape_configs: [{ job_name: "flights", static_configs: [{ targets: [target] }] }],
    }),
  );
  const server = await startProcess({
    name: "Prometheus",
    command: "prometheus",
    args: (port) => [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    isReady: async (endpoint) => (await fetch(`${endpoint}/-/ready`)).ok,
  });
  return {
    endpoint: server.endpoint,
    async stop() {
      await server.stop();
      await rm(folder, { recursive: true });
    },
  };
}
