import { execFile, spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";
import { exposedText } from "./support/exposed.ts";

const run = promisify(execFile);
const home = resolve(import.meta.dirname, "..");
const hasPromtool = spawnSync("promtool", ["--version"]).status === 0;
const hint = hasPromtool ? "" : " (skipped: no promtool here; apt-get install prometheus)";

let exposed: string;
/** As queries name them: a histogram is not there by its bare name. */
let names: ReadonlySet<string>;
let labels: ReadonlySet<string>;

beforeAll(async () => {
  exposed = await exposedText();
  const samples = exposed.split("\n").filter((line) => line.startsWith("state_"));
  names = new Set(samples.map((line) => /^\w+/.exec(line)?.[0] ?? ""));
  labels = new Set(
    samples.flatMap((line) => [...line.matchAll(/[{,](\w+)="/g)].map(([, name = ""]) => name)),
  );
});

test("what Prometheus scrapes has every metric, by the names of the README", async () => {
  const readme = await readFile(join(home, "README.md"), "utf8");
  const documented = [...readme.matchAll(/^\| `(state\.[a-z._]+)` +\| (\w+)/gm)];

  const types = new Map(
    [...exposed.matchAll(/^# TYPE (state_\w+) (\w+)$/gm)].map(([, name, type]) => [name, type]),
  );
  expect(new Map(documented.map(([, name = "", type]) => [exposedName(name, type), type]))).toEqual(types);
});

test("what Prometheus scrapes has durations in seconds, and zeros for what alerts are about", () => {
  expect(exposed).toMatch(/^state_call_duration_bucket\{.*state_call="takeover".*le="0\.001"\} \d+$/m);
  expect(exposed).toMatch(/^state_call_duration_bucket\{.*state_call="takeover".*le="600"\} 1$/m);
  expect(exposed).toMatch(/^state_request_duration_count\{.*error_type="Throttled".*\} 1$/m);
  expect(exposed).toMatch(/^state_seal_age\{state_instance="A".*\} \d/m);
  expect(exposed).toMatch(/^state_unknown_outcomes_total\{.*\} 0$/m);
  expect(exposed).toMatch(/^state_fence_refusals_total\{.*state_decision="split-brain".*\} 0$/m);
  expect(exposed).toMatch(/^state_prunes_total\{.*state_prune_outcome="failed".*\} 0$/m);
});

describe("the alerts", () => {
  test("ask for metrics and labels that there are", async () => {
    const rules = await readFile(join(home, "alerts.yml"), "utf8");
    const expressions = [...rules.matchAll(/expr: (.*?)\n +(?:for|labels):/gs)].map(([, text = ""]) => text);

    expect(expressions.length).toBe(6);
    expect(unknownIn(expressions)).toEqual([]);
  });

  test.skipIf(!hasPromtool)(`pass promtool's check${hint}`, async () => {
    const { stdout } = await run("promtool", ["check", "rules", join(home, "alerts.yml")]);

    expect(stdout).toContain("SUCCESS: 6 rules found");
  });

  test.skipIf(!hasPromtool)(`fire when they should, and are silent when all is well${hint}`, async () => {
    const { stdout } = await run("promtool", ["test", "rules", "alerts.promtool.yml"], {
      cwd: import.meta.dirname,
    });

    expect(stdout).toContain("SUCCESS");
  });
});

describe("the dashboard", () => {
  test("asks for metrics and labels that there are, and for every metric", async () => {
    const expressions = await queries();

    expect(unknownIn(expressions)).toEqual([]);
    const bare = new Set([...names].map(withoutPart));
    const asked = new Set(expressions.flatMap(namesIn).map(withoutPart));
    expect([...bare].filter((name) => !asked.has(name))).toEqual([]);
  });
});

interface Dashboard {
  readonly panels: readonly { readonly targets: readonly { readonly expr: string }[] }[];
  readonly templating: { readonly list: readonly { readonly query: string }[] };
}

async function queries(): Promise<string[]> {
  const { panels, templating } = JSON.parse(
    await readFile(join(home, "dashboard.json"), "utf8"),
  ) as Dashboard;
  const ofPanels = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
  return [...ofPanels, ...templating.list.map(({ query }) => query)];
}

/** The names in a query; a unit that may stand in one or not is left out, as it is in what was scraped. */
function namesIn(query: string): string[] {
  return query.replaceAll(/\(_(?:seconds|bytes)\)\?/g, "").match(/\bstate_\w+/g) ?? [];
}

function unknownIn(expressions: readonly string[]): string[] {
  return expressions.flatMap(namesIn).filter((name) => !names.has(name) && !labels.has(name));
}

function withoutPart(name: string): string {
  return name.replace(/_(?:bucket|count|sum)$/, "");
}

function exposedName(name: string, type: string | undefined): string {
  return name.replaceAll(".", "_") + (type === "counter" ? "_total" : "");
}
