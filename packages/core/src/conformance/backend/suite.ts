import type { ObjectStore } from "../../store.ts";
import { declare, type Runner } from "../runner.ts";
import type { BackendCase } from "./case.ts";
import { leaderCases } from "./leaders.ts";
import { partialCases } from "./partials.ts";
import { pruningCases } from "./pruning.ts";
import { retentionCases } from "./retention.ts";
import { takeoverCases } from "./takeovers.ts";
import { unchangedCases } from "./unchanged.ts";
import { World } from "./world.ts";

/** How the suite comes by the stores under the backends that it drives. */
export interface BackendHarness {
  /** Names the store in the runner's output. */
  readonly name: string;
  /** A fresh, empty store each time; a new prefix is enough. Every case has one of its own. */
  open(): Promise<ObjectStore>;
  /** Called for everything that `open` gave, when a case is over. */
  close?(store: ObjectStore): Promise<void>;
}

export const backendCases: readonly BackendCase[] = [
  ...partialCases,
  ...leaderCases,
  ...retentionCases,
  ...unchangedCases,
  ...takeoverCases,
  ...pruningCases,
].toSorted((a, b) => (a.id < b.id ? -1 : 1));

const timeoutMs = 60_000;

/**
 * Drives the protocol through every sequence that is known to break a careless one, on a real store, with faults
 * between the backend and the store.
 */
export function backendConformance(runner: Runner, harness: BackendHarness): void {
  runner.describe(`backend conformance: ${harness.name}`, () => {
    for (const sequence of backendCases) {
      declare(
        runner,
        `${sequence.id} ${sequence.title}`,
        async () => {
          const store = await harness.open();
          try {
            await sequence.run(new World(store));
          } finally {
            await harness.close?.(store);
          }
        },
        timeoutMs,
      );
    }
  });
}
