import { describe, expect, test } from "vitest";
import { ObjectStoreBackend, StoreError } from "../../src/index.ts";
import { type Finding, verify, type VerifyOptions, type VerifyProgress } from "../../src/verify/index.ts";
import { MapStore } from "../support/map-store.ts";
import { type Corruption, corruptions, expectedOf, names } from "./corruptions.ts";
import { fullNamespace } from "./namespace.ts";

async function findingsOf(
  store: VerifyOptions["store"],
  options?: Partial<VerifyOptions>,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for await (const found of verify({ store, deep: true, ...options })) findings.push(found);
  return findings;
}

function copyOf(store: MapStore): { readonly bodies: Map<string, Uint8Array>; readonly store: MapStore } {
  const bodies = new Map(store.entries());
  return { bodies, store: new MapStore(bodies) };
}

/** @returns `false` if nothing would change */
function corrupt(bodies: Map<string, Uint8Array>, key: string, corruption: Corruption): boolean {
  const body = bodies.get(key) ?? new Uint8Array();
  if (corruption === "renamed") {
    bodies.delete(key);
    bodies.set(`${key}.orig`, body);
    return true;
  }
  if (corruption === "swapped") {
    // With one of its own length, or with whatever is next to it.
    const others = [...bodies].filter(([, other]) => Buffer.compare(other, body) !== 0);
    const [partner, other] = others.find(([, { length }]) => length === body.length) ?? [];
    if (partner === undefined || other === undefined) return false;
    bodies.set(key, other).set(partner, body);
    return true;
  }
  const changed = corruptions[corruption](body);
  if (changed === undefined) bodies.delete(key);
  else bodies.set(key, changed);
  return true;
}

const sound = await fullNamespace();
const keys = [...sound.entries().keys()].toSorted();

test("a sound namespace has no finding but what an epoch that was given up left behind", async () => {
  const progress: VerifyProgress[] = [];
  const findings = await findingsOf(sound, { onProgress: (each) => progress.push(each) });
  expect(findings).toMatchObject([
    {
      kind: "unsealed",
      severity: "notice",
      epoch: 6,
      key: "epoch=6/vnode=0/partial.bin",
      objects: 1,
      bytes: 12,
    },
  ]);
  expect(progress.map(({ epoch, next }) => [epoch, next])).toEqual([
    [9, 8],
    [8, 7],
    [7, 6],
    [6, 5],
    [5, 3],
    [3, 2],
    [2, undefined],
  ]);
  const inEpochs = keys.filter((key) => key.startsWith("epoch="));
  expect(progress.at(-1)).toMatchObject({ epochs: 7, sealed: 4, objects: inEpochs.length });
});

test("a seal that comes after its epoch was read, and a prune of all below it, is no loss of every seal", async () => {
  const { bodies } = copyOf(sound);
  const inner = new MapStore(bodies);
  const leader = { store: inner, instanceId: "leader", vnodeCapacity: 8 };
  class Overtaking extends MapStore {
    #isFirst = true;
    override async get(key: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
      const body = await super.get(key);
      if (key !== "epoch=9/_COMMIT" || !this.#isFirst) return body;
      this.#isFirst = false;
      await using backend = await ObjectStoreBackend.open(leader);
      const { nextEpoch: epoch } = await backend.takeover({ version: 9 });
      const parts = [0, 1, 2, 3, 4].map((vnode) => ({ vnode, bytes: new Uint8Array(1) }));
      await backend.epochComplete({ epoch, parts });
      await backend.prune({ keep: 1 });
      return body;
    }
  }
  const findings = await findingsOf(new Overtaking(bodies));
  expect(findings.filter(({ severity }) => severity !== "notice")).toEqual([]);
});

describe.each(names)("an object that is %s is named by its kind:", (corruption) => {
  test.each(keys)("%s", async (key) => {
    const before = new Set((await findingsOf(sound)).map((found) => JSON.stringify(found)));
    const { bodies, store } = copyOf(sound);
    const isChanged = corrupt(bodies, key, corruption);
    const found = (await findingsOf(store)).filter((each) => !before.has(JSON.stringify(each)));
    const kinds = found.map(({ kind }) => kind);
    const expected = isChanged ? expectedOf(key, corruption) : "nothing";
    if (expected !== "nothing") expect(kinds).toContain(expected);
    else if (corruption !== "renamed" && corruption !== "swapped")
      expect(kinds.filter((kind) => kind !== "unsealed")).toEqual([]);
    // Its new name is no protocol's.
    if (corruption === "renamed") expect(kinds).toContain("foreign");
  });
});

test("without `deep` sizes are compared, and nothing but seals and controls is read", async () => {
  const { bodies, store } = copyOf(sound);
  const size = bodies.get("epoch=8/vnode=0/partial.bin")?.length ?? 0;
  bodies.set("epoch=8/vnode=0/partial.bin", new Uint8Array(size));
  bodies.set("epoch=7/vnode=1/partial.bin", new Uint8Array());
  const read: string[] = [];
  const onEvent: VerifyOptions["onEvent"] = (event) => {
    if (event.type === "request" && event.operation === "get") read.push(event.key);
  };
  const findings = await findingsOf(store, { deep: false, onEvent });
  expect(findings.filter(({ severity }) => severity === "damage")).toMatchObject([
    { kind: "object-size", key: "epoch=7/vnode=1/partial.bin", vnode: 1, namedBy: { from: 7, to: 8 } },
  ]);
  expect(read.filter((key) => key.endsWith(".bin"))).toEqual([]);
  expect(read).toContain("epoch=8/_COMMIT");
});

test("each object is listed once and read once, however many seals name it", async () => {
  const requests: string[] = [];
  const onEvent: VerifyOptions["onEvent"] = (event) => {
    if (event.type === "request") requests.push(`${event.operation} ${event.key}`);
  };
  await findingsOf(sound, { onEvent });
  const ofFolders = requests.filter((request) => /^list epoch=|\.bin$/.test(request));
  expect(new Set(ofFolders).size).toBe(ofFolders.length);
});

test("a run that goes on where another stopped finds the rest, and no more", async () => {
  const { bodies, store } = copyOf(sound);
  for (const key of ["epoch=8/vnode=0/partial.bin", "epoch=2/vnode=2/partial.bin"]) bodies.delete(key);
  const whole = await findingsOf(store);
  for (const from of [8, 7, 6, 5, 3, 2]) {
    const rest = await findingsOf(store, { from });
    expect(rest).toEqual(whole.filter(({ key }) => Number(/^epoch=(\d+)/.exec(key)?.[1]) <= from));
  }
});

async function pruneTo(store: MapStore): Promise<void> {
  await using backend = await ObjectStoreBackend.open({ store, instanceId: "leader", vnodeCapacity: 8 });
  await backend.unpin({ name: "before-upgrade" });
  await backend.prune({ before: 8 }, { asOperator: true });
}

describe("what is pruned while it runs is no finding:", () => {
  test("between two epochs", async () => {
    const { store } = copyOf(sound);
    const findings: Finding[] = [];
    for await (const found of verify({ store, deep: true })) {
      // Epoch 6 has the first finding: 5 is still to come.
      if (findings.length === 0) await pruneTo(store);
      findings.push(found);
    }
    expect(findings.filter(({ severity }) => severity !== "notice")).toEqual([]);
  });

  test("between the listing of an object and its reading", async () => {
    const { bodies, store } = copyOf(sound);
    const key = "epoch=5/vnode=1/partial.bin";
    let pruned = 0;
    class PruningStore extends MapStore {
      override async get(of: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
        if (of === key && pruned++ === 0) await pruneTo(store);
        return super.get(of);
      }
    }
    const findings = await findingsOf(new PruningStore(bodies));
    expect(pruned).toBe(1);
    expect(bodies.has(key)).toBe(false);
    expect(findings.filter(({ severity }) => severity !== "notice")).toEqual([]);
  });
});

test("an object that goes between its listing and its reading, though its seal stays, is missing", async () => {
  const { bodies } = copyOf(sound);
  const key = "epoch=8/vnode=0/partial.bin";
  class LosingStore extends MapStore {
    override async get(of: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
      if (of === key) bodies.delete(key);
      return super.get(of);
    }
  }
  const findings = await findingsOf(new LosingStore(bodies));
  expect(findings).toContainEqual(expect.objectContaining({ kind: "object-missing", key }));
});

test("what a later version has written is not to be deleted", async () => {
  const { bodies, store } = copyOf(sound);
  const later = new TextEncoder().encode('{"format":3}');
  bodies.set("_control/namespace", later).set("_control/fence=0000000000000003", later);
  const findings = (await findingsOf(store)).filter(({ key }) => key.startsWith("_control/"));
  expect(findings.map(({ kind }) => kind)).toEqual(["control-damaged", "namespace-damaged"]);
  for (const { next } of findings) expect(next).toMatch(/^Upgrade/);
});

test("a run that goes on compares the last seal of the one before with its base", async () => {
  const { bodies, store } = copyOf(sound);
  // Epoch 8 goes on from 7.
  bodies.delete("epoch=7/_COMMIT");
  const expected = expect.objectContaining({ kind: "base-mismatch", key: "epoch=8/_COMMIT" });
  expect(await findingsOf(store)).toContainEqual(expected);
  expect(await findingsOf(store, { from: 7 })).toContainEqual(expected);
});

test("a store that cannot be read is no finding, and an object that cannot be read is one", async () => {
  class BadSector extends MapStore {
    override async get(key: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
      if (key === bad) throw new StoreError(code, "the disk says no", { store: this.name, key });
      return super.get(key);
    }
  }
  const bad = "epoch=7/vnode=1/partial.bin";
  let code: "Failed" | "Denied" = "Failed";
  const store = new BadSector(new Map(sound.entries()));
  const damage = (await findingsOf(store)).filter(({ severity }) => severity === "damage");
  expect(damage).toMatchObject([{ kind: "object-unreadable", key: bad, vnode: 1 }]);
  code = "Denied";
  await expect(findingsOf(store)).rejects.toMatchObject({ code: "Denied" });
});

test("the options are checked before anything is sent", () => {
  expect(() => verify({ store: sound, from: -1 })).toThrow(RangeError);
  expect(() => verify({ store: {} as MapStore })).toThrow(TypeError);
  expect(() => verify({ store: sound, deep: "yes" as unknown as boolean })).toThrow(TypeError);
});
