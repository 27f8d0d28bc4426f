import { scenario } from "./scenario.ts";

/** Runs the scenario, and prints a line of JSON: the runtime's name for itself, and the report. */
export async function printReport(): Promise<void> {
  const line = JSON.stringify({ runtime: navigator.userAgent, report: await scenario() });
  // oxlint-disable-next-line no-console -- the only output that all these runtimes have
  console.log(line);
}
