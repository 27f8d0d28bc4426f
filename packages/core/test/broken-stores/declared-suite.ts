import { storeConformance, type StoreHarness } from "../../src/conformance/index.ts";

/** What the suite declares for a harness, without running it. */
export interface DeclaredSuite {
  /** Runs one case. */
  readonly run: (id: string) => Promise<void>;
  /** The names of the cases that are skipped. */
  readonly skipped: readonly string[];
  /** The time-outs of the others, in milliseconds. */
  readonly timeouts: readonly number[];
}

/** Declares the suite to a runner that runs nothing. */
export function declaredSuite(harness: StoreHarness): DeclaredSuite {
  const skipped: string[] = [];
  const timeouts: number[] = [];
  const bodies = new Map<string, () => Promise<void>>();
  const add = (name: string, body: () => Promise<void>): void => {
    bodies.set(name.slice(0, name.indexOf(":")), body);
  };
  const test = (name: string, body: () => Promise<void>, timeoutMs = 0): void => {
    add(name, body);
    timeouts.push(timeoutMs);
  };
  const skip = (name: string, body: () => Promise<void>): void => {
    add(name, body);
    skipped.push(name);
  };
  storeConformance({ describe: (_, body) => body(), test: Object.assign(test, { skip }) }, harness);
  const run = async (id: string): Promise<void> => {
    const body = bodies.get(id);
    if (body === undefined) throw new Error(`the suite has no case ${id}`);
    await body();
  };
  return { run, skipped, timeouts };
}
