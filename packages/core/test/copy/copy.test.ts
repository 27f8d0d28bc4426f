import { describe, expect, test } from "vitest";
import { copy } from "../../src/copy/index.ts";
import { ObjectStoreBackend, StoreError } from "../../src/index.ts";
import type { ListOptions, ListPage, OperationOptions } from "../../src/store.ts";
import { verify } from "../../src/verify/index.ts";
import { MapStore } from "../support/map-store.ts";
import { fullNamespace } from "../verify/namespace.ts";

const instanceId = "operator";

async function damageOf(store: MapStore): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const { severity, kind, key } of verify({ store, deep: true }))
    if (severity !== "notice") found.push(`${kind} ${key}`);
  return found;
}

function bodiesOf(store: MapStore, pattern: RegExp): Readonly<Record<string, string>> {
  const entries = [...store.entries()]
    .filter(([key]) => pattern.test(key))
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, body]) => [key, Buffer.from(body).toString("latin1")]));
}

/** What seals name, and the seals. */
const sealedOnly = /^epoch=(2\/|3\/|[578]\/(?!_ANCHOR))/;

describe("a copy of all epochs", () => {
  test("has what the seals name, byte for byte, and the pins, and is sound", async () => {
    const from = await fullNamespace();
    const before = new Map(from.entries());
    const to = new MapStore();
    const report = await copy({ from, to, instanceId });
    const sealed = bodiesOf(from, sealedOnly);
    expect(bodiesOf(to, /^epoch=/)).toEqual(sealed);
    const objects = Object.keys(sealed).filter((key) => key.endsWith(".bin"));
    expect(report).toMatchObject({ epochs: [3, 5, 7, 8], objects: objects.length, found: 0 });
    expect(await damageOf(to)).toEqual([]);
    await using copied = await ObjectStoreBackend.open({ store: to, instanceId, readOnly: true });
    expect(await copied.control()).toMatchObject({
      floor: 5,
      fence: 3,
      vnodeCapacity: 8,
      pins: [{ epoch: 3, name: "before-upgrade" }],
    });
    // The pins of the copy itself are gone.
    expect(new Map(from.entries())).toEqual(before);
  });

  test("is gone on from, and pruned", async () => {
    const to = new MapStore();
    await copy({ from: await fullNamespace(), to, instanceId });
    await using backend = await ObjectStoreBackend.open({ store: to, instanceId, vnodeCapacity: 8 });
    await expect(backend.takeover({ version: 3 })).rejects.toMatchObject({ code: "StaleVersion" });
    const { base, nextEpoch } = await backend.takeover({ version: 4 });
    expect(base?.epoch).toBe(8);
    expect(new TextDecoder().decode(await base?.read(2))).toBe("vnode 2 of epoch 2");
    const parts = [{ vnode: 0, bytes: new Uint8Array(1) }];
    await backend.epochComplete({ epoch: nextEpoch, parts, unchanged: [1, 2, 3, 4] });
    await backend.prune({ keep: 1 });
    expect(await damageOf(to)).toEqual([]);
  });

  test("leaves out what is pruned before its turn comes", async () => {
    const from = await fullNamespace();
    await using backend = await ObjectStoreBackend.open({ store: from, instanceId, vnodeCapacity: 8 });
    const to = new MapStore();
    let isPruned = false;
    class Pruning extends MapStore {
      override async create(
        key: string,
        body: Uint8Array,
        options?: OperationOptions,
      ): Promise<"created" | "exists"> {
        if (!isPruned && key.startsWith("epoch=3/")) {
          isPruned = true;
          await backend.prune({ before: 8 }, { asOperator: true });
        }
        return to.create(key, body, options);
      }
    }
    const report = await copy({ from, to: new Pruning(to.entries() as Map<string, Uint8Array>), instanceId });
    expect(report.epochs).toEqual([3, 8]);
    expect(await damageOf(to)).toEqual([]);
  });
});

describe("what changes between the look at control and the listing of the epochs", () => {
  /** Runs `change` before the root is listed for the first time. */
  class Changing extends MapStore {
    change: (() => Promise<void>) | undefined;
    override async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage> {
      const { change } = this;
      if (prefix === "" && change !== undefined) {
        this.change = undefined;
        await change();
      }
      yield* super.list(prefix, options);
    }
  }

  async function changing(change: (backend: ObjectStoreBackend) => Promise<unknown>): Promise<Changing> {
    const from = new Changing(new Map((await fullNamespace()).entries()));
    from.change = async () => {
      const leader = { store: from, instanceId: "leader", vnodeCapacity: 8 };
      await using backend = await ObjectStoreBackend.open(leader);
      await change(backend);
    };
    return from;
  }

  test("is in the copy, if epochs are pruned: what is not there was pruned, and is not missing", async () => {
    const from = await changing((backend) => backend.prune({ keep: 1 }, { asOperator: true }));
    const to = new MapStore();
    expect((await copy({ from, to, instanceId })).epochs).toEqual([3, 8]);
    expect(await damageOf(to)).toEqual([]);
  });

  test("is in the copy, if somebody takes over and seals: its fence is there", async () => {
    const from = await changing(async (backend) => {
      const { nextEpoch: epoch } = await backend.takeover({ version: 4 });
      const parts = [{ vnode: 0, bytes: new Uint8Array(1) }];
      await backend.epochComplete({ epoch, parts, unchanged: [1, 2, 3, 4] });
    });
    const to = new MapStore();
    await copy({ from, to, instanceId });
    expect(await damageOf(to)).toEqual([]);
    await using copied = await ObjectStoreBackend.open({ store: to, instanceId, readOnly: true });
    expect(await copied.control()).toMatchObject({ fence: 4 });
  });
});

test("an epoch whose pin is let go of, and which is pruned before its turn comes, is left out", async () => {
  const from = await fullNamespace();
  await using operator = await ObjectStoreBackend.open({ store: from, instanceId: "O", vnodeCapacity: 8 });
  const to = new MapStore();
  class Unpinning extends MapStore {
    override async create(key: string, body: Uint8Array): Promise<"created" | "exists"> {
      if (key === "_control/namespace") {
        await operator.unpin({ name: "before-upgrade" });
        await operator.prune({ keep: 3 }, { asOperator: true });
      }
      return super.create(key, body);
    }
  }
  const there = new Unpinning(to.entries() as Map<string, Uint8Array>);
  expect((await copy({ from, to: there, instanceId })).epochs).toEqual([5, 7, 8]);
  expect(await damageOf(to)).toEqual([]);
});

test("a store that fails is a StateError that says which copy it was", async () => {
  const from = await fullNamespace();
  class Failing extends MapStore {
    override async create(): Promise<"created" | "exists"> {
      throw new StoreError("Denied", "no permission");
    }
  }
  await expect(copy({ from, to: new Failing(), instanceId })).rejects.toMatchObject({
    code: "StoreFailed",
    message: expect.stringContaining("copy from map to map: "),
  });
});

test("a later copy brings what was sealed and pinned since, and prunes there what was pruned here", async () => {
  const from = await fullNamespace();
  const to = new MapStore();
  await copy({ from, to, instanceId });
  await using job = await ObjectStoreBackend.open({ store: from, instanceId: "leader", vnodeCapacity: 8 });
  await job.pin({ epoch: 7, name: "kept" });
  const { nextEpoch: epoch } = await job.takeover({ version: 4 });
  await job.epochComplete({
    epoch,
    parts: [{ vnode: 0, bytes: new Uint8Array(1) }],
    unchanged: [1, 2, 3, 4],
  });
  await job.prune({ before: epoch });
  const report = await copy({ from, to, instanceId });
  expect(report).toMatchObject({ epochs: [3, 7, epoch], objects: 0, found: 0 });
  await using copied = await ObjectStoreBackend.open({ store: to, instanceId, readOnly: true });
  expect(await copied.sealedEpochs()).toEqual([epoch]);
  expect((await copied.openPin("kept")).epoch).toBe(7);
  await expect(copied.sealed(8)).rejects.toMatchObject({ code: "EpochPruned" });
  expect(await damageOf(to)).toEqual([]);
});

test("one epoch is copied with all that it names, and nothing else", async () => {
  const from = await fullNamespace();
  const to = new MapStore();
  expect((await copy({ from, to, epoch: 7, instanceId })).epochs).toEqual([7]);
  expect(await damageOf(to)).toEqual([]);
  expect(Object.keys(bodiesOf(to, /_COMMIT/))).toEqual(["epoch=7/_COMMIT"]);
  await using copied = await ObjectStoreBackend.open({ store: to, instanceId, readOnly: true });
  expect(await copied.sealedEpochs()).toEqual([7]);
  await expect(copied.sealed(5)).rejects.toMatchObject({ code: "EpochPruned" });
});

test("killed at any request it has sealed nothing that is not whole, and goes on to the same end", async () => {
  const from = await fullNamespace();
  const whole = new MapStore();
  await copy({ from, to: whole, instanceId });
  const end = bodiesOf(whole, /^(?!_control\/floor)/);
  class Dying extends MapStore {
    left: number;
    constructor(bodies: Map<string, Uint8Array>, left: number) {
      super(bodies);
      this.left = left;
    }
    override async create(key: string, body: Uint8Array): Promise<"created" | "exists"> {
      this.left -= 1;
      if (this.left < 0) throw new Error("the process died");
      return super.create(key, body);
    }
  }
  let found = 0;
  for (let creates = 0; ; creates++) {
    const bodies = new Map<string, Uint8Array>();
    const outcome = await copy({ from, to: new Dying(bodies, creates), instanceId, concurrency: 1 }).then(
      () => "done",
      () => "died",
    );
    const damage = await damageOf(new MapStore(bodies));
    // Between a floor and the first seal above it nothing is restored.
    expect(damage.filter((each) => !each.startsWith("no-seal-left"))).toEqual([]);
    const to = new MapStore(bodies);
    found += (await copy({ from, to, instanceId })).found;
    expect(bodiesOf(to, /^(?!_control\/floor)/)).toEqual(end);
    if (outcome === "done") break;
  }
  expect(found).toBeGreaterThan(0);
});

describe("a copy is refused", () => {
  test("of what is damaged, by the object's name, and its epoch is not sealed", async () => {
    const from = await fullNamespace();
    const bodies = new Map(from.entries());
    bodies.set("epoch=5/vnode=1/partial.bin", new Uint8Array(18));
    const to = new MapStore();
    await expect(copy({ from: new MapStore(bodies), to, instanceId })).rejects.toMatchObject({
      code: "Corrupt",
      key: "epoch=5/vnode=1/partial.bin",
    });
    expect(Object.keys(bodiesOf(to, /_COMMIT/))).toEqual(["epoch=3/_COMMIT"]);
    expect(Object.keys(bodiesOf(new MapStore(bodies), /copy-/))).toEqual([]);
  });

  test("onto an object with other bytes, though it is as long", async () => {
    const key = "epoch=5/vnode=1/partial.bin";
    const to = new MapStore(new Map([[key, new Uint8Array(18)]]));
    const from = await fullNamespace();
    await expect(copy({ from, to, instanceId })).rejects.toMatchObject({ code: "SealMismatch", key });
    expect(Object.keys(bodiesOf(to, /_COMMIT/))).toEqual(["epoch=3/_COMMIT"]);
  });

  test.each([
    ["an epoch of another job", 0],
    ["one that is its newest, above epochs that could be copied", 8],
  ])("onto other checkpoints, of which nothing is touched: %s", async (_, epoch) => {
    const from = await fullNamespace();
    const to = new MapStore();
    await using backend = await ObjectStoreBackend.open({ store: to, instanceId: "job", vnodeCapacity: 8 });
    await backend.epochComplete({ epoch, parts: [{ vnode: 0, bytes: new Uint8Array(3) }] });
    const before = new Map(to.entries());
    await expect(copy({ from, to, instanceId })).rejects.toMatchObject({ code: "SealMismatch" });
    expect(new Map(to.entries())).toEqual(before);
  });

  test("onto what a job goes on from", async () => {
    const from = await fullNamespace();
    const to = new MapStore();
    await copy({ from, to, instanceId });
    await using backend = await ObjectStoreBackend.open({ store: to, instanceId: "job", vnodeCapacity: 8 });
    await backend.takeover({ version: 4 });
    const before = new Map(to.entries());
    await expect(copy({ from, to, instanceId })).rejects.toMatchObject({ code: "StaleVersion" });
    expect(new Map(to.entries())).toEqual(before);
  });

  test("of what is pruned while it is pinned; the pin stays, which may be that of the same copy beside it", async () => {
    const from = await fullNamespace();
    const create = from.create.bind(from);
    from.create = async (key, body) => {
      const created = await create(key, body);
      if (key.startsWith("_control/pin=")) await create("_control/floor=0000000000000008", new Uint8Array(1));
      return created;
    };
    const copying = copy({ from, to: new MapStore(), epoch: 7, instanceId });
    await expect(copying).rejects.toMatchObject({ code: "EpochPruned" });
    expect(Object.keys(bodiesOf(from, /pin=0000000000000007/))).toHaveLength(1);
  });

  test("of what is not sealed, and of nothing", async () => {
    const from = await fullNamespace();
    const to = new MapStore();
    await expect(copy({ from, to, epoch: 6, instanceId })).rejects.toMatchObject({ code: "EpochAborted" });
    await expect(copy({ from, to, epoch: 9, instanceId })).rejects.toMatchObject({ code: "NotSealed" });
    await expect(copy({ from, to, epoch: 4, instanceId })).rejects.toMatchObject({ code: "EpochPruned" });
    await expect(copy({ from: new MapStore(), to, instanceId })).rejects.toMatchObject({
      code: "NamespaceAbsent",
    });
    await expect(copy({ from, to, epoch: -1, instanceId })).rejects.toThrow(RangeError);
    expect([...to.entries().keys()].filter((key) => key.startsWith("epoch="))).toEqual([]);
  });
});

/** Copies until a request of this kind, at which the process is killed: nothing more of it reaches a store. */
async function killedAt(
  from: MapStore,
  to: MapStore,
  pattern: RegExp,
  options: { readonly epoch?: number; readonly instanceId?: string } = {},
): Promise<void> {
  let isDead = false;
  const create = to.create.bind(to);
  const remove = from.delete.bind(from);
  to.create = async (key, body) => {
    isDead ||= pattern.test(key);
    if (isDead) throw new Error("killed");
    return create(key, body);
  };
  from.delete = async (keys) => (isDead ? Promise.reject(new Error("killed")) : remove(keys));
  await expect(copy({ from, to, instanceId, retry: { attempts: 1 }, ...options })).rejects.toThrow();
  expect(isDead).toBe(true);
  to.create = create;
  from.delete = remove;
}

function copyPinsOf(store: MapStore): readonly string[] {
  return [...store.entries()].map(([key]) => key).filter((key) => /copy-/.test(key));
}

describe("a copy that was killed leaves its pin", () => {
  test("which the same copy takes over and removes, and which nothing else of it counts as", async () => {
    const from = await fullNamespace();
    const before = new Map(from.entries());
    const to = new MapStore();
    await killedAt(from, to, /^epoch=7\//);
    expect(copyPinsOf(from)).toHaveLength(1);
    expect(copyPinsOf(from)[0]).toContain("7");
    await copy({ from, to, instanceId });
    expect(new Map(from.entries())).toEqual(before);
    expect(copyPinsOf(to)).toEqual([]);
  });

  test("which the same copy removes though it comes by another epoch alone", async () => {
    const from = await fullNamespace();
    const to = new MapStore();
    await killedAt(from, to, /^epoch=7\//);
    await copy({ from, to, instanceId, epoch: 8 });
    expect(copyPinsOf(from)).toEqual([]);
  });

  test("which holds its epoch over a prune, so that the same copy of it goes on", async () => {
    const from = await fullNamespace();
    const to = new MapStore();
    await killedAt(from, to, /^epoch=7\/_COMMIT/, { epoch: 7 });
    await using backend = await ObjectStoreBackend.open({ store: from, instanceId, vnodeCapacity: 8 });
    await backend.takeover({ version: 4 });
    await backend.prune({ before: 8 });
    expect(await copy({ from, to, instanceId, epoch: 7 })).toMatchObject({ epochs: [7] });
    expect(copyPinsOf(from)).toEqual([]);
    expect(await damageOf(to)).toEqual([]);
  });

  test("which a copy by somebody else leaves alone, and does not copy", async () => {
    const from = await fullNamespace();
    await killedAt(from, new MapStore(), /^epoch=7\//);
    const left = copyPinsOf(from);
    const to = new MapStore();
    await copy({ from, to, instanceId: "somebody else" });
    expect(copyPinsOf(from)).toEqual(left);
    expect(copyPinsOf(to)).toEqual([]);
  });
});

test("without a pin the source is only read", async () => {
  const from = await fullNamespace();
  class ReadOnly extends MapStore {
    override create(): Promise<"created" | "exists"> {
      throw new Error("it is read-only");
    }
  }
  const to = new MapStore();
  const report = await copy({ from: new ReadOnly(new Map(from.entries())), to, instanceId, pin: false });
  expect(report.epochs).toEqual([3, 5, 7, 8]);
});
