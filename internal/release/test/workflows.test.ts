import { access, glob, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";

const root = resolve(import.meta.dirname, "../../..");

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Record<string, string | number | boolean>;
}

interface Job {
  readonly needs?: string;
  readonly permissions?: Record<string, string>;
  readonly "timeout-minutes"?: number;
  readonly steps: readonly Step[];
}

interface Workflow {
  readonly on: Record<string, unknown>;
  readonly permissions: Record<string, string>;
  readonly concurrency: { readonly group: string };
  readonly jobs: Record<string, Job>;
}

const { scripts } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as {
  scripts: Record<string, string>;
};
const workflows: Record<string, Workflow> = {};
for await (const file of glob(".github/workflows/*.yml", { cwd: root })) {
  const name = file.replace(/^.*\/|\.yml$/g, "");
  // By the YAML 1.1 rules `on` would be a boolean; `yaml` reads 1.2.
  workflows[name] = parse(await readFile(join(root, file), "utf8"), { uniqueKeys: true }) as Workflow;
}

function steps(workflow: Workflow): Step[] {
  return Object.values(workflow.jobs).flatMap((job) => job.steps);
}

/** The commands of a workflow: those of its steps, and those that are inputs of an action. */
function commands(workflow: Workflow): string[] {
  return steps(workflow).flatMap((step) => {
    const handed = Object.entries(step.with ?? {}).filter(([input]) => input.endsWith("-script"));
    return [step.run ?? "", ...handed.map(([, command]) => String(command))]
      .flatMap((block) => block.split("\n"))
      .filter((line) => line.trim() !== "");
  });
}

/** What is wrong with a command: it may only be a script of this repository or the frozen install. */
async function fault(command: string): Promise<string | undefined> {
  if (command === "npx -y pnpm@12 install --frozen-lockfile") return undefined;
  const name = /^npx -y pnpm@12 run (\S+)$/.exec(command)?.[1];
  if (name !== undefined) return scripts[name] === undefined ? `no script ${name}` : undefined;
  const file = /^bash (\S+)$/.exec(command)?.[1];
  if (file === undefined) return `neither a script nor a file: ${command}`;
  return access(join(root, file)).then(
    () => undefined,
    () => `no file ${file}`,
  );
}

describe("the workflows", () => {
  test.each(Object.entries(workflows))("run in %s only what exists", async (_name, workflow) => {
    const found = commands(workflow);
    expect(found.length).toBeGreaterThan(0);
    for (const command of found) expect(await fault(command)).toBeUndefined();
  });

  test.each(Object.entries(workflows))("pin in %s every action to a full version", (_name, workflow) => {
    for (const { uses } of steps(workflow)) {
      if (uses !== undefined) expect(uses).toMatch(/^[\w-]+\/[\w-]+@v\d+\.\d+\.\d+$/);
    }
  });

  test.each(Object.entries(workflows))(
    "may in %s read and no more, one run at a time, not for ever",
    (_name, workflow) => {
      expect(workflow.permissions).toEqual({ contents: "read" });
      expect(workflow.concurrency.group).toBeTruthy();
      for (const job of Object.values(workflow.jobs)) expect(job["timeout-minutes"]).toBeGreaterThan(0);
    },
  );
});

describe("a release", () => {
  test("comes from main only, after the tests", () => {
    expect(workflows["release"]?.on).toEqual({ push: { branches: ["main"] } });
    expect(workflows["release"]?.jobs["release"]?.needs).toBe("test");
    expect(workflows["release"]?.jobs["test"]?.steps.at(-1)?.run).toBe("bash .ci/run");
  });

  test("is built, and published without a token", async () => {
    const job = workflows["release"]?.jobs["release"];
    expect(job?.permissions).toEqual({
      contents: "write",
      "pull-requests": "write",
      "id-token": "write",
    });
    expect(scripts["release:publish"]).toBe(
      "turbo run build && node internal/release/src/address-packages.ts && changeset publish",
    );
    expect(await readFile(join(root, ".github/workflows/release.yml"), "utf8")).not.toContain("secrets.");
  });
});
