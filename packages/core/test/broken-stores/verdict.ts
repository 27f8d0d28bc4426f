import { describe, expect, test } from "vitest";
import { storeCases, storeConformance, storeMusts } from "../../src/conformance/index.ts";
import type { StoreCaseSummary, StoreHarness } from "../../src/conformance/index.ts";
import type { BrokenStore, Medium } from "./broken-store.ts";

/** What a case that failed said. */
export interface Complaint {
  readonly id: string;
  readonly message: string;
}

/** Runs every case of the suite on a store of its own, and gives what those said that failed. */
export async function complaintsOf(open: BrokenStore["open"]): Promise<readonly Complaint[]> {
  // Side by side, as those that wait for a store that hangs would wait one after the other.
  const complaints = await Promise.all(storeCases.map((storeCase) => complaintOf(storeCase, open)));
  return complaints.filter((complaint) => complaint !== undefined);
}

/** Declares a test for each store: exactly those cases fail on it that it says so of, and the message names the MUST. */
export function judge(stores: readonly BrokenStore[]): void {
  describe("the suite catches a store that", () => {
    test.concurrent.each(stores)(
      "$fault, by $caughtBy",
      { timeout: 120_000 },
      async ({ caughtBy, alsoSeenBy = [], open }) => {
        const complaints = await complaintsOf(open);
        expect(complaints.map(({ id }) => id).toSorted()).toEqual([caughtBy, ...alsoSeenBy].toSorted());
        const must = storeCases.find(({ id }) => id === caughtBy)?.must ?? "C1";
        const message = complaints.find(({ id }) => id === caughtBy)?.message;
        expect(message).toContain(`${must}: ${storeMusts[must]}\n  seen: `);
      },
    );
  });
}

async function complaintOf(
  { id }: StoreCaseSummary,
  open: BrokenStore["open"],
): Promise<Complaint | undefined> {
  try {
    await bodyOf(id, harnessOf(open))();
    return undefined;
  } catch (error) {
    return { id, message: error instanceof Error ? error.message : String(error) };
  }
}

/** Stores of one case lie in one bucket; the clients of a store have its medium. */
function harnessOf(open: BrokenStore["open"]): StoreHarness {
  const media = new Map<object, Medium>();
  const bucket: Medium["bucket"] = new Map();
  let number = 0;
  const client = (medium: Medium): ReturnType<BrokenStore["open"]> => {
    const store = open(medium);
    media.set(store, medium);
    return store;
  };
  return {
    name: "broken",
    open: async () => {
      number += 1;
      return client({ bodies: new Map(), bucket, number });
    },
    reopen: async (store) => {
      const medium = media.get(store);
      if (medium === undefined) throw new Error("a store that this harness did not open");
      return client(medium);
    },
    close: async (store) => store.close?.(),
  };
}

/** Declares the suite to a runner that runs nothing, and picks one case. */
function bodyOf(id: string, harness: StoreHarness): () => Promise<void> {
  const bodies = new Map<string, () => Promise<void>>();
  const declare = (name: string, body: () => Promise<void>): void => {
    bodies.set(name.slice(0, name.indexOf(":")), body);
  };
  const runner = {
    describe: (_: string, body: () => void): void => body(),
    test: Object.assign(declare, { skip: declare }),
  };
  storeConformance(runner, harness);
  const body = bodies.get(id);
  if (body === undefined) throw new Error(`the suite has no case ${id}`);
  return body;
}
