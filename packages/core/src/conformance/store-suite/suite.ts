import { AssertionError } from "node:assert/strict";
import type { ObjectStore } from "../../store.ts";
import { declare, type Runner, type StoreHarness } from "../runner.ts";
import { abortCases } from "./cases/aborted-before.ts";
import { type Need, type StoreCase, type StoreCaseSummary, warnNotReached } from "./store-case.ts";
import { createCases } from "./cases/create.ts";
import { deleteCases } from "./cases/delete.ts";
import { durabilityCases } from "./cases/durability.ts";
import { errorCases } from "./cases/errors.ts";
import { freshnessCases } from "./cases/freshness.ts";
import { getCases } from "./cases/get.ts";
import { keyCases } from "./cases/keys.ts";
import { listCases } from "./cases/list.ts";
import { storeMusts } from "./musts.ts";

const cases: readonly StoreCase[] = [
  ...createCases,
  ...getCases,
  ...listCases,
  ...deleteCases,
  ...freshnessCases,
  ...keyCases,
  ...abortCases,
  ...errorCases,
  ...durabilityCases,
];

/** Every case of the store suite, in the order in which it is run. */
export const storeCases: readonly StoreCaseSummary[] = cases.map(({ id, title, family, must }) => ({
  id,
  title,
  family,
  must,
}));

/**
 * Declares one test a case, named by the case's id, each on a fresh store of its own.
 *
 * What the harness cannot do is declared through `test.skip`, by name.
 *
 * @example
 * ```ts
 * import { describe, test } from "vitest";
 *
 * storeConformance({ describe, test }, { name: "my-store", open: async () => new MyStore() });
 * ```
 */
export function storeConformance(runner: Runner, harness: StoreHarness): void {
  runner.describe(`store conformance of ${harness.name}`, () => {
    for (const storeCase of cases) {
      const name = `${storeCase.id}: ${storeCase.title}`;
      const lacking = storeCase.needs?.find((need) => !has(harness, need));
      if (lacking !== undefined) {
        runner.test.skip(`${name} (not run: ${reasons[lacking]})`, () => run(storeCase, harness));
      } else {
        declare(runner, name, () => run(storeCase, harness), storeCase.timeoutMs);
      }
    }
  });
}

function has(harness: StoreHarness, need: Need): boolean {
  return need === "severalClients" ? harness.singleOwner !== true : Boolean(harness[need]);
}

/** Why a case is skipped, by what the harness lacks. */
const reasons: Readonly<Record<Need, string>> = {
  reopen: "the harness has no reopen",
  severalClients:
    "it needs two clients at once, and one at a time owns the data, by the harness's singleOwner",
  wholeListings: "the store does not declare wholeListings, by the harness",
};

async function run(storeCase: StoreCase, harness: StoreHarness): Promise<void> {
  const open = new Set<ObjectStore>();
  const keep = (store: ObjectStore): ObjectStore => {
    open.add(store);
    return store;
  };
  const close = async (store: ObjectStore): Promise<void> => {
    open.delete(store);
    await harness.close?.(store);
  };
  const store = keep(await harness.open());
  let latest = store;
  const reopen = async (): Promise<ObjectStore> => {
    if (harness.reopen === undefined) throw new Error(`${harness.name} has no reopen`);
    latest = keep(await harness.reopen(store));
    return latest;
  };
  const secondClient = async (): Promise<ObjectStore> => {
    if (harness.singleOwner === true) await close(latest);
    return reopen();
  };
  const restart = async (): Promise<ObjectStore> => {
    await close(store);
    return reopen();
  };
  try {
    await storeCase.run({
      store,
      saysWholeListings: harness.wholeListings === true,
      foldsCase: harness.foldsCase === true,
      another: async () => keep(await harness.open()),
      secondClient,
      restart,
      notReached: (what) =>
        harness.notReached === undefined
          ? warnNotReached(storeCase.id, what)
          : harness.notReached(storeCase.id, what),
    });
  } catch (error) {
    throw explained(storeCase, error);
  } finally {
    for (const each of open) await close(each);
  }
}

function explained(storeCase: StoreCase, error: unknown): Error {
  const must = `${storeCase.must}: ${storeMusts[storeCase.must]}`;
  if (error instanceof AssertionError) {
    return new AssertionError({ message: `${storeCase.id} saw this broken: ${must}\n${error.message}` });
  }
  const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return new Error(`${storeCase.id} could not finish. It checks ${must}\n  seen: a rejection, ${what}`, {
    cause: error,
  });
}
