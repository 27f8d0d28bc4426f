import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { storeCases, storeConformance, storeMusts } from "../src/conformance/index.ts";
import type { StoreHarness } from "../src/conformance/index.ts";
import { brokenAborts } from "./broken-stores/abort.ts";
import { brokenCreates } from "./broken-stores/create.ts";
import { brokenDeletes } from "./broken-stores/delete.ts";
import { brokenReads } from "./broken-stores/read.ts";
import { MapStore } from "./support/map-store.ts";

const maps = new Map<object, Map<string, Uint8Array>>();

storeConformance(
  { describe, test },
  {
    name: "MapStore",
    open: async () => over(new Map()),
    reopen: async (store) => over(maps.get(store) ?? new Map()),
  },
);

function over(map: Map<string, Uint8Array>): MapStore {
  const store = new MapStore(map);
  maps.set(store, map);
  return store;
}

describe("the suite catches a store that", () => {
  const broken = [...brokenCreates, ...brokenReads, ...brokenDeletes, ...brokenAborts];

  test.each(broken)("$fault, by $caughtBy", async ({ caughtBy, open }) => {
    const { run } = casesOf({ name: "broken", open: async () => open() }, caughtBy);
    const must = storeCases.find(({ id }) => id === caughtBy)?.must ?? "C1";
    await expect(run()).rejects.toThrow(
      `${caughtBy} saw this broken: ${must}: ${storeMusts[must]}\n  seen: `,
    );
  });
});

describe("the suite", () => {
  test("says which MUST was broken, what was seen and what usually causes it", async () => {
    const overwrites = brokenCreates.find(({ caughtBy }) => caughtBy === "create.exists");
    const { run } = casesOf(
      { name: "broken", open: async () => overwrites?.open() ?? new MapStore() },
      "create.exists",
    );
    await expect(run()).rejects.toThrow(
      /^create\.exists .*C2.*\n {2}seen: .*"created".*\n {2}usual cause: .*condition/,
    );
  });

  test("says what a store rejected with, when it could not finish", async () => {
    class Down extends MapStore {
      override async get(): Promise<undefined> {
        throw new Error("the service is down");
      }
    }
    const { run } = casesOf({ name: "down", open: async () => new Down() }, "get.absent");
    await expect(run()).rejects.toThrow(/^get\.absent could not finish.*G1.*\n.*the service is down/);
  });

  test("skips by name what needs a reopen that the harness does not have", () => {
    const { skipped } = casesOf({ name: "map", open: async () => new MapStore() }, "create.race");
    expect(skipped).toEqual([
      expect.stringMatching(/^create\.race-clients: .*no reopen/),
      expect.stringMatching(/^freshness\.clients: .*no reopen/),
      expect.stringMatching(/^durability\.reopen: .*no reopen/),
      expect.stringMatching(/^durability\.deletes: .*no reopen/),
      expect.stringMatching(/^durability\.exists: .*no reopen/),
      expect.stringMatching(/^durability\.unclosed: .*no reopen/),
      expect.stringMatching(/^durability\.again: .*no reopen/),
    ]);
  });

  test("closes every store that it opened, also when a case fails", async () => {
    const open = new Set<object>();
    const harness: StoreHarness = {
      name: "counted",
      open: async () => {
        const store = brokenDeletes[0]?.open() ?? new MapStore();
        open.add(store);
        return store;
      },
      close: async (store) => {
        open.delete(store);
      },
    };
    await expect(casesOf(harness, "delete.gone").run()).rejects.toThrow("delete.gone");
    await casesOf(harness, "keys.separate").run();
    expect(open.size).toBe(0);
  });

  test("gives every case an id of its own, that begins with its family, and a time-out", () => {
    const ids = storeCases.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(storeCases.filter(({ id, family }) => !id.startsWith(`${family}.`))).toEqual([]);
    const { timeouts } = casesOf({ name: "map", open: async () => new MapStore() }, "create.race");
    expect(Math.min(...timeouts)).toBeGreaterThanOrEqual(60_000);
  });

  test("checks exactly those MUSTs that docs/store-contract.md marks so, in the same words", async () => {
    const contract = await readFile(new URL("../../../docs/store-contract.md", import.meta.url), "utf8");
    const rows = [...contract.matchAll(/^- \*\*(\w+)\*\* (.+)\n {2}(.+)$/gm)]
      .map(([, id = "", must = "", checkedBy = ""]) => ({ id, must, checkedBy }))
      .filter(({ checkedBy }) => checkedBy.includes("suite:"));
    const documented = rows.map(({ id, must, checkedBy }) => [
      id,
      must,
      [...checkedBy.matchAll(/`suite: ([\w.-]+)`/g)].map(([, caseId = ""]) => caseId),
    ]);
    const checked = Object.entries(storeMusts).map(([id, must]) => [
      id,
      must,
      storeCases.filter((each) => each.must === id).map((each) => each.id),
    ]);
    expect(documented).toEqual(checked);
  });
});

/** Declares the suite to a runner that runs nothing, and picks one case. */
function casesOf(
  harness: StoreHarness,
  id: string,
): { run: () => Promise<void>; skipped: string[]; timeouts: number[] } {
  const skipped: string[] = [];
  const timeouts: number[] = [];
  const bodies = new Map<string, () => Promise<void>>();
  const declare = (name: string, body: () => Promise<void>, timeoutMs = 0): void => {
    bodies.set(name.slice(0, name.indexOf(":")), body);
    timeouts.push(timeoutMs);
  };
  const skip = (name: string): void => {
    skipped.push(name);
  };
  storeConformance({ describe: (_, body) => body(), test: Object.assign(declare, { skip }) }, harness);
  const run = bodies.get(id);
  if (run === undefined) throw new Error(`the suite has no case ${id}`);
  return { run, skipped, timeouts };
}
