import { readFile } from "node:fs/promises";
import { describe, expect, test, vi } from "vitest";
import { storeCases, storeConformance, storeMusts } from "../src/conformance/index.ts";
import type { StoreHarness } from "../src/conformance/index.ts";
import { StoreError } from "../src/errors.ts";
import { brokenStores } from "./broken-stores/every-broken-store.ts";
import { declaredSuite } from "./broken-stores/declared-suite.ts";
import { brokenDeletes } from "./broken-stores/delete.ts";
import { changing } from "./broken-stores/errors.ts";
import { SlowStore } from "./broken-stores/slow-store.ts";
import { complaintsOf } from "./broken-stores/verdict.ts";
import { MapStore } from "./support/map-store.ts";

const maps = new Map<object, Map<string, Uint8Array>>();

storeConformance(
  { describe, test },
  {
    name: "MapStore",
    wholeListings: true,
    open: async () => over(new Map()),
    reopen: async (store) => over(maps.get(store) ?? new Map()),
  },
);

function over(map: Map<string, Uint8Array>): MapStore {
  const store = new MapStore(map);
  maps.set(store, map);
  return store;
}

/** One process at a time has the data, as where an embedded database locks its directory. */
class LockedStore extends MapStore {
  static readonly #owners: WeakMap<Map<string, Uint8Array>, LockedStore> = new WeakMap();
  readonly #map: Map<string, Uint8Array>;

  constructor(map: Map<string, Uint8Array>) {
    if (LockedStore.#owners.has(map))
      throw new StoreError("Unavailable", "another client has the data: wait until it is closed");
    super(map);
    this.#map = map;
    LockedStore.#owners.set(map, this);
    maps.set(this, map);
  }

  async close(): Promise<void> {
    if (LockedStore.#owners.get(this.#map) === this) LockedStore.#owners.delete(this.#map);
  }
}

const locked: StoreHarness = {
  name: "LockedStore",
  wholeListings: true,
  singleOwner: true,
  open: async () => new LockedStore(new Map()),
  reopen: async (store) => new LockedStore(maps.get(store) ?? new Map()),
  close: async (store) => store.close?.(),
};
storeConformance({ describe, test }, locked);

describe("the suite has nothing against a store that", () => {
  test("takes its time", async () => {
    expect(await complaintsOf(({ bodies }) => new SlowStore(bodies))).toEqual([]);
  });

  test("rejects with the errors of another copy of the package", async () => {
    vi.resetModules();
    const copy = await import("../src/errors.ts");
    expect(copy.StoreError).not.toBe(StoreError);
    expect(await complaintsOf(changing(({ code, message }) => new copy.StoreError(code, message)))).toEqual(
      [],
    );
  });
});

describe("the broken stores", () => {
  test("each have a fault of their own", () => {
    expect(new Set(brokenStores.map(({ fault }) => fault)).size).toBe(brokenStores.length);
  });

  test("leave no case without one that it is there to catch", () => {
    const caught = new Set(brokenStores.map(({ caughtBy }) => caughtBy));
    expect(storeCases.map(({ id }) => id).filter((id) => !caught.has(id))).toEqual([]);
  });

  test("are the rows of docs/evidence/broken-stores.md (`pnpm vitest conformance-suite -u` writes it)", async () => {
    await expect(page()).toMatchFileSnapshot("../../../docs/evidence/broken-stores.md");
  });
});

describe("the suite", () => {
  test("says which MUST was broken, what was seen and what usually causes it", async () => {
    const overwrites = brokenStores.find(({ caughtBy }) => caughtBy === "create.exists");
    const complaints = await complaintsOf(overwrites?.open ?? (({ bodies }) => new MapStore(bodies)));
    expect(complaints.find(({ id }) => id === "create.exists")?.message).toMatch(
      /^create\.exists .*C2.*\n {2}seen: .*"created".*\n {2}usual cause: .*condition/,
    );
  });

  test("says what a store rejected with, when it could not finish", async () => {
    class Down extends MapStore {
      override async get(): Promise<undefined> {
        throw new Error("the service is down");
      }
    }
    const { run } = declaredSuite({ name: "down", open: async () => new Down() });
    await expect(run("get.absent")).rejects.toThrow(
      /^get\.absent could not finish.*G1.*\n.*the service is down/,
    );
  });

  test("skips by name what needs a reopen that the harness does not have", () => {
    const { skipped } = declaredSuite({ name: "map", wholeListings: true, open: async () => new MapStore() });
    expect(skipped).toEqual([
      expect.stringMatching(/^create\.race-clients: .*no reopen/),
      expect.stringMatching(/^list\.whole-clients: .*no reopen/),
      expect.stringMatching(/^freshness\.clients: .*no reopen/),
      expect.stringMatching(/^durability\.reopen: .*no reopen/),
      expect.stringMatching(/^durability\.deletes: .*no reopen/),
      expect.stringMatching(/^durability\.exists: .*no reopen/),
      expect.stringMatching(/^durability\.unclosed: .*no reopen/),
      expect.stringMatching(/^durability\.again: .*no reopen/),
    ]);
  });

  test("skips by name what needs two clients at once where one at a time owns the data", () => {
    expect(declaredSuite(locked).skipped).toEqual([
      expect.stringMatching(/^create\.race-clients: .*not run: .*two clients at once.*singleOwner/),
      expect.stringMatching(/^list\.whole-clients: .*not run: .*two clients at once.*singleOwner/),
      expect.stringMatching(/^freshness\.clients: .*not run: .*two clients at once.*singleOwner/),
      expect.stringMatching(/^durability\.unclosed: .*not run: .*two clients at once.*singleOwner/),
    ]);
  });

  test("fails a store that lets one client at a time have the data where the harness does not say so", async () => {
    const { run } = declaredSuite({ ...locked, singleOwner: false });
    for (const id of ["create.race-clients", "freshness.clients", "durability.unclosed", "durability.again"])
      await expect(run(id)).rejects.toThrow(/could not finish.*\n.*another client has the data/);
  });

  test("skips by name what is about whole listings where the harness does not say that they are declared", () => {
    const { skipped } = declaredSuite({
      name: "map",
      open: async () => new MapStore(),
      reopen: async () => new MapStore(),
    });
    expect(skipped).toEqual([
      expect.stringMatching(/^list\.whole: .*not run: the store does not declare wholeListings/),
      expect.stringMatching(/^list\.whole-clients: .*not run: the store does not declare wholeListings/),
    ]);
  });

  test("fails a store that declares whole listings where the harness does not say so", async () => {
    const { run } = declaredSuite({ name: "map", open: async () => new MapStore() });
    await expect(run("list.whole-declared")).rejects.toThrow(/L8: .*\n.*the harness does not say/);
  });

  test("warns of the edges of pages that a store without pages gives it no occasion to see", async () => {
    const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
    const gathers = brokenStores.find(({ caughtBy }) => caughtBy === "list.page-size");
    await complaintsOf(gathers?.open ?? (({ bodies }) => new MapStore(bodies)));
    const warnings = warn.mock.calls.map(([warning]) => String(warning)).toSorted();
    warn.mockRestore();
    expect(warnings).toEqual([
      expect.stringMatching(/^abort\.between-pages did not reach the edge of a page: all of 5500 keys/),
      expect.stringMatching(/^list\.folders did not reach/),
      expect.stringMatching(/^list\.moving did not reach/),
      expect.stringMatching(/^list\.pages did not reach/),
    ]);
  });

  test("closes every store that it opened, also when a case fails", async () => {
    const open = new Set<object>();
    const harness: StoreHarness = {
      name: "counted",
      open: async () => {
        const medium = { bodies: new Map(), bucket: new Map(), number: 1 };
        const store = brokenDeletes[0]?.open(medium) ?? new MapStore();
        open.add(store);
        return store;
      },
      close: async (store) => {
        open.delete(store);
      },
    };
    const { run } = declaredSuite(harness);
    await expect(run("delete.gone")).rejects.toThrow("delete.gone");
    await run("get.own");
    expect(open.size).toBe(0);
  });

  test("gives every case an id of its own, that begins with its family, and a time-out", () => {
    const ids = storeCases.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(storeCases.filter(({ id, family }) => !id.startsWith(`${family}.`))).toEqual([]);
    const { timeouts } = declaredSuite({ name: "map", open: async () => new MapStore() });
    expect(Math.min(...timeouts)).toBeGreaterThanOrEqual(60_000);
  });

  test("checks exactly those MUSTs that docs/store-contract.md marks so, in the same words", async () => {
    const contract = await readFile(new URL("../../../docs/store-contract.md", import.meta.url), "utf8");
    // An item of the list, whose lines are broken anywhere: its sentence, then what checks it.
    const rows = [...contract.matchAll(/^- \*\*(\w+)\*\* (.+(?:\n {2}.+)*)$/gm)]
      .map(([, id = "", item = ""]) => ({ id, item: item.replaceAll(/\n {2}/g, " ") }))
      .map(({ id, item }) => {
        const [, must = "", checkedBy = ""] = /^(.*?) (`(?:suite: |adapter test).*)$/.exec(item) ?? [];
        return { id, must, checkedBy };
      })
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

/** `docs/evidence/broken-stores.md`, as the formatter would have it. */
function page(): string {
  const rows = brokenStores.map(({ fault, caughtBy, alsoSeenBy = [] }) => [
    fault,
    `\`${caughtBy}\``,
    alsoSeenBy.map((id) => `\`${id}\``).join(", "),
  ]);
  const table = [["a store that …", "is killed by", "and also fails"], ...rows];
  const widths = [0, 1, 2].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[], fill = " "): string =>
    `| ${widths.map((width, column) => (cells[column] ?? "").padEnd(width, fill)).join(" | ")} |`;
  const [head = [], ...body] = table;
  return `# The stores that the suite must catch

The suite is tested itself: each of these ${rows.length} stores is wrong in exactly one way, and every case of \`storeConformance\` is run on it. Exactly the
cases named here fail: the one that is about that fault, and those that meet it on their way. Every case kills at least one store. The stores are in
\`packages/core/test/broken-stores\`; this page is written from them.

${[line(head), line([], "-"), ...body.map((row) => line(row))].join("\n")}
`;
}
