import { beforeAll, describe, expect, test } from "vitest";
import { ObjectStoreBackend, StoreError } from "../../src/index.ts";
import type { ListPage } from "../../src/store.ts";
import { type Finding, verify, type VerifiedEpoch, type VerifyOptions } from "../../src/verify/index.ts";
import { CountingStore } from "../support/counting-store.ts";
import { MapStore } from "../support/map-store.ts";
import { fullNamespace } from "./namespace.ts";

async function findingsOf(
  store: VerifyOptions["store"],
  options?: Partial<VerifyOptions>,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for await (const found of verify({ store, ...options })) findings.push(found);
  return findings;
}

/** A job that has sealed so many epochs. */
async function sealed(epochs: number, vnodeCapacity = 4): Promise<MapStore> {
  const store = new MapStore();
  await using backend = await ObjectStoreBackend.open({ store, instanceId: "leader", vnodeCapacity });
  let { nextEpoch: epoch } = await backend.takeover({ version: 1 });
  for (let number = 0; number < epochs; number++, epoch++) {
    const bytes = new TextEncoder().encode(`of epoch ${epoch}`);
    const part = await backend.writePartial({ epoch, vnode: 0, assignmentVersion: 1, bytes });
    await backend.epochComplete({ epoch, parts: [part] });
  }
  return store;
}

describe("an epoch costs two requests in a row, and those of several run at once:", () => {
  const epochs = 200;
  let store: MapStore;

  beforeAll(async () => {
    store = await sealed(epochs);
  });

  test.each([
    [1, 2 * epochs],
    [8, epochs / 4],
    [16, epochs / 8],
  ])("with a concurrency of %i about %i round trips for 200 epochs", async (concurrency, expected) => {
    const counting = new CountingStore(store);
    const { depth, requests } = await counting.cost(() => findingsOf(counting, { concurrency }));
    expect(depth).toBeGreaterThanOrEqual(expected);
    expect(depth).toBeLessThan(expected * 1.2 + 20);
    expect(requests).toBeLessThan(2 * epochs + 20);
  });
});

/** Counts what was read. */
class Watched extends MapStore {
  readonly commits = new Set<string>();
  readonly pages = new Map<string, number>();

  override async get(key: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    if (key.endsWith("/_COMMIT")) this.commits.add(key);
    return super.get(key);
  }

  /** Each object is a page of its own. */
  override async *list(...args: Parameters<MapStore["list"]>): AsyncGenerator<ListPage, void, undefined> {
    const [prefix] = args;
    for await (const { objects, prefixes } of super.list(...args)) {
      if (!prefix.startsWith("epoch=")) yield { objects, prefixes };
      else
        for (const object of objects) {
          this.pages.set(prefix, (this.pages.get(prefix) ?? 0) + 1);
          yield { objects: [object], prefixes: [] };
        }
    }
  }
}

/** What was read when two epochs were done. */
async function seenAtSecond(
  store: MapStore,
  concurrency: number,
): Promise<{ readonly commits: number; readonly pages: readonly number[] }> {
  const watched = new Watched(new Map(store.entries()));
  let seen: { readonly commits: number; readonly pages: readonly number[] } | undefined;
  const onProgress: VerifyOptions["onProgress"] = ({ epochs }) => {
    if (epochs === 2) seen = { commits: watched.commits.size, pages: [...watched.pages.values()] };
  };
  await findingsOf(watched, { concurrency, onProgress });
  return seen ?? { commits: 0, pages: [] };
}

describe("what is held ahead is bounded", () => {
  test("by the concurrency, and a folder's listing by its first page", async () => {
    const { commits, pages } = await seenAtSecond(await sealed(30), 4);
    expect(commits).toBeLessThanOrEqual(2 + 4);
    expect(commits).toBeGreaterThan(2);
    // Two folders were looked at whole, and of the others a page each.
    expect(Math.max(...pages.slice(0, 2))).toBeGreaterThan(1);
    expect(new Set(pages.slice(2))).toEqual(new Set([1]));
  });

  test("by the size that seals can have", async () => {
    const { commits } = await seenAtSecond(await sealed(10, 65_536), 16);
    expect(commits).toBeLessThanOrEqual(2 + 1);
  });
});

test("an epoch that is sealed after it was read ahead, and before a later one was read, is no finding", async () => {
  const sound = await fullNamespace();
  const hidden = new Set(["get epoch=7/_COMMIT", "list epoch=7/"]);
  /** Epoch 7 is not sealed when it is looked at for the first time; 8, which goes on from it, is. */
  class Late extends MapStore {
    override async get(key: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
      return hidden.delete(`get ${key}`) ? undefined : super.get(key);
    }

    override async *list(...args: Parameters<MapStore["list"]>): AsyncGenerator<ListPage, void, undefined> {
      if (!hidden.delete(`list ${args[0]}`)) yield* super.list(...args);
    }
  }
  const findings = await findingsOf(new Late(new Map(sound.entries())), { deep: true });
  expect(hidden.size).toBe(0);
  expect(findings).toEqual(await findingsOf(sound, { deep: true }));
});

test("a run that fails ahead of its turn has told of what came before", async () => {
  const store = await sealed(12);
  const broken = new Map(store.entries());
  const epochs = [...broken.keys()].filter((key) => key.endsWith("_COMMIT")).toSorted();
  class Failing extends MapStore {
    override async get(key: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
      if (key === epochs[4]) throw new StoreError("Denied", "not this one", { store: this.name, key });
      return super.get(key);
    }
  }
  let next: number | undefined;
  const run = findingsOf(new Failing(broken), {
    retry: { attempts: 1 },
    onProgress: (progress) => (next = progress.next),
  });
  await expect(run).rejects.toThrow();
  expect(`epoch=${next}/_COMMIT`).toBe(epochs[4]);
});

async function epochsOf(
  options: Partial<VerifyOptions>,
): Promise<{ readonly findings: readonly Finding[]; readonly epochs: readonly VerifiedEpoch[] }> {
  const epochs: VerifiedEpoch[] = [];
  const store = options.store ?? (await fullNamespace());
  const findings = await findingsOf(store, {
    deep: true,
    onEpoch: (epoch) => epochs.push(epoch),
    ...options,
  });
  return { findings, epochs };
}

describe("with a limit", () => {
  test("the newest epochs are told, each with its seal, from the newest down", async () => {
    const { epochs } = await epochsOf({});
    expect(epochs.map(({ epoch, state, seal }) => [epoch, state, seal?.epoch])).toEqual([
      [9, "open", undefined],
      [8, "sealed", 8],
      [7, "sealed", 7],
      [6, "void", undefined],
      [5, "sealed", 5],
      [3, "sealed", 3],
    ]);
    const limited = await epochsOf({ limit: 2 });
    expect(limited.epochs.map(({ epoch }) => epoch)).toEqual([9, 8]);
  });

  test("a sound namespace has no finding in the newest, and older seals are not read", async () => {
    const requests: string[] = [];
    const { findings } = await epochsOf({
      limit: 2,
      onEvent: (event) => {
        if (event.type === "request") requests.push(`${event.operation} ${event.key}`);
      },
    });
    expect(findings.filter(({ severity }) => severity !== "notice")).toEqual([]);
    const commits = requests.filter((request) => /^get epoch=\d+\/_COMMIT$/.test(request));
    // That of epoch 3 is pinned.
    expect(new Set(commits)).toEqual(
      new Set(["get epoch=9/_COMMIT", "get epoch=8/_COMMIT", "get epoch=3/_COMMIT"]),
    );
  });

  test("what the newest name of older ones is looked at", async () => {
    const bodies = new Map((await fullNamespace()).entries());
    bodies.delete("epoch=7/vnode=1/partial.bin");
    const { findings } = await epochsOf({ store: new MapStore(bodies), limit: 2 });
    expect(findings.filter(({ severity }) => severity !== "notice")).toMatchObject([
      { kind: "object-missing", key: "epoch=7/vnode=1/partial.bin", namedBy: { from: 8, to: 8 } },
    ]);
  });
});
