import { backendConformance, type Runner, storeConformance } from "@state/core/conformance";
import { MemoryStore } from "@state/memory";

/** Loses every body: each runner must fail on it. */
class Forgetful extends MemoryStore {
  override async get(): Promise<undefined> {
    return undefined;
  }
}

/** Declares the two suites on a store that passes them; with `STATE_FAULT`, the store suite on one that fails it. */
export function declareSuites(runner: Runner): void {
  if (process.env["STATE_FAULT"] !== undefined) {
    storeConformance(runner, { name: "forgetful", wholeListings: true, open: async () => new Forgetful() });
    return;
  }
  const harness = { name: "memory", wholeListings: true, open: async () => new MemoryStore() };
  storeConformance(runner, harness);
  backendConformance(runner, harness);
}
