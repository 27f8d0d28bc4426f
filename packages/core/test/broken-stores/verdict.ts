import { describe, expect, test } from "vitest";
import { storeCases, storeMusts } from "../../src/conformance/index.ts";
import type { StoreCaseSummary, StoreHarness } from "../../src/conformance/index.ts";
import type { BrokenStore, Medium } from "./broken-store.ts";
import { declaredSuite } from "./declared-suite.ts";

/** What a case that failed said. */
export interface Complaint {
  readonly id: string;
  readonly message: string;
}

/** Runs every case of the suite on a store of its own; returns the complaints of those that failed. */
export async function complaintsOf(open: BrokenStore["open"]): Promise<readonly Complaint[]> {
  // Concurrently: on a store that hangs, the cases would else wait for their time-outs one after the other.
  const complaints = await Promise.all(storeCases.map((storeCase) => complaintOf(storeCase, open)));
  return complaints.filter((complaint) => complaint !== undefined);
}

/** Declares a test for each store: exactly the cases that it names fail on it, and the message has the MUST. */
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
    await declaredSuite(harnessOf(open)).run(id);
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
    wholeListings: true,
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
