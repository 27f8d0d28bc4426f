import { beforeEach, describe, expect, test } from "vitest";
import { ObjectStoreBackend } from "../src/backend.ts";
import { damage, World } from "../src/conformance/backend-suite/world.ts";
import { isStateError, type StateErrorCode, StateError, StoreError } from "../src/errors.ts";
import { mirrored } from "./support/codecs.ts";
import { MapStore } from "./support/map-store.ts";
import { rejectionOf } from "./support/rejection.ts";

async function* brokenStream(): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode("five!");
  throw new Error("the disk is gone");
}

/** Who reads a message need not know the protocol: it names the call, the store and the object, and says what to do. */
interface Row {
  readonly provoke: (world: World) => Promise<unknown>;
  readonly message: string;
}

const rows: { readonly [C in StateErrorCode]: Row } = {
  StaleVersion: {
    provoke: async (world) => {
      const leader = await world.lead("A", 1);
      await world.lead("B", 2);
      const parts = [await leader.write(5, 0, "five")];
      return leader.backend.epochComplete({ epoch: 5, parts });
    },
    message:
      "epochComplete on map: version 2 leads, and this backend claimed 1. " +
      "Stop leading: another goes on. To lead again, call takeover with a higher version.",
  },
  SplitBrainCommit: {
    provoke: async (world) => {
      await (await world.open("A")).seal(5, { 0: "of A" });
      return (await world.open("B")).backend.epochComplete({ epoch: 5, parts: [0] });
    },
    message:
      "epochComplete on map: epoch 5 was sealed by A, this is B. " +
      "Stop: two instances believe that they lead. Let one of them call takeover.",
  },
  EpochAborted: {
    provoke: async (world) => {
      const actor = await world.open("A");
      await actor.backend.abort(5);
      return actor.backend.epochComplete({ epoch: 5, parts: [await actor.write(5, 0, "five")] });
    },
    message:
      "epochComplete on map: epoch 5 is void: an abort, a takeover or a prune decided that it will never be sealed. " +
      "Roll back this attempt, and use a higher epoch.",
  },
  EpochPruned: {
    provoke: async (world) => {
      const leader = await world.lead("A", 1);
      for (const epoch of [4, 5]) await leader.seal(epoch, { 0: "state" });
      await leader.backend.pruneBefore(5);
      return leader.backend.sealed(4);
    },
    message:
      "sealed on map: epoch 4 was pruned: every epoch below 5 was. Restore from the newest sealed epoch.",
  },
  EpochSuperseded: {
    provoke: async (world) => {
      const actor = await world.open("A");
      const parts = [await actor.write(4, 0, "four")];
      await actor.seal(5, { 0: "five" });
      return actor.backend.epochComplete({ epoch: 4, parts });
    },
    message:
      "epochComplete on map: epoch 4 cannot be sealed after epoch 5, which is sealed. Use a higher epoch.",
  },
  EpochSealed: {
    provoke: async (world) => {
      const actor = await world.open("A");
      await actor.seal(5, { 0: "five" });
      return actor.backend.abort(5);
    },
    message:
      "abort on map: epoch 5 cannot be aborted: A sealed it. " +
      "Restore from its seal, which this error holds, or from a later one.",
  },
  NotPinned: {
    provoke: async (world) => (await world.open("A")).backend.openPin("savepoint"),
    message:
      "openPin on map: no epoch is pinned as savepoint under _control/. Look at the names that pins() shows.",
  },
  TooManyPins: {
    provoke: async (world) => {
      const actor = await world.open("A");
      const { backend } = actor;
      await actor.seal(5, { 0: "five" });
      for (let pin = 1; pin <= 256; pin++) await backend.pin({ epoch: 5, name: `pin-${pin}` });
      await backend.pin({ epoch: 5, name: "pin-1" });
      return backend.pin({ epoch: 5, name: "one-more" });
    },
    message:
      "pin on map: epoch 5 cannot be pinned as one-more: there are 256 pins, and 256 is the most. " +
      "Unpin what nobody needs.",
  },
  NotSealed: {
    provoke: async (world) => {
      await world.open("A");
      const { store } = world;
      return ObjectStoreBackend.recover({ store, instanceId: "on call", giveUp: 5, version: 1 });
    },
    message:
      "recover on map: epoch 5 cannot be given up: it has no _COMMIT. " +
      "Call takeover: it goes on from the newest sealed epoch.",
  },
  SealMismatch: {
    provoke: async (world) => {
      const actor = await world.open("A");
      await actor.seal(5, { 0: "five" });
      return actor.backend.epochComplete({ epoch: 5, parts: [0, await actor.write(5, 1, "more")] });
    },
    message:
      "epochComplete on map: epoch 5 is sealed, with other bytes, or none, of vnode 1. " +
      "Restore from the seal: what it names is what counts.",
  },
  BaseChanged: {
    provoke: async (world) => {
      const leader = await world.lead("A", 1);
      await leader.seal(5, { 0: "five" });
      return leader.backend.epochComplete({ epoch: 6, parts: [], unchanged: [0], base: 4 });
    },
    message:
      "epochComplete on map: epoch 6 was asked for as a change of epoch 4, and the newest sealed epoch is 5. " +
      "Write the vnodes that changed since, and ask again.",
  },
  VnodeOmitted: {
    provoke: async (world) => {
      const leader = await world.lead("A", 1);
      await leader.seal(5, { 0: "five", 1: "five" });
      return leader.seal(6, { 0: "six" });
    },
    message:
      "epochComplete on map: vnode 1 is in epoch 5, the newest sealed one, and not in epoch 6. " +
      "Give its receipt, or name it in unchanged or dropped.",
  },
  AttachmentOmitted: {
    provoke: async (world) => {
      const actor = await world.open("A");
      await actor.backend.writeAttachment({
        epoch: 5,
        name: "offsets",
        assignmentVersion: 0,
        bytes: new Uint8Array(1),
      });
      return actor.seal(5, { 0: "five" });
    },
    message:
      "epochComplete on map: attachment offsets was written for epoch 5 and is not passed. " +
      "Pass its receipt in attachments.",
  },
  FenceRequired: {
    provoke: async (world) =>
      (await world.open("A")).backend.epochComplete({ epoch: 5, parts: [], unchanged: [0] }),
    message:
      "epochComplete on map: epoch 5 has unchanged vnodes, and this backend has claimed no version. Call takeover first.",
  },
  ReceiptRequired: {
    provoke: async (world) => {
      await (await world.open("A")).write(5, 0, "of A");
      return (await world.open("B")).backend.epochComplete({ epoch: 5, parts: [0] });
    },
    message:
      "epochComplete on map: vnode 0 of epoch 5 is given by its number, and another backend wrote it. " +
      "Pass the receipt that writePartial returned, or write the vnode.",
  },
  ReceiptInvalid: {
    provoke: async (world) => {
      const actor = await world.open("A");
      return actor.backend.epochComplete({ epoch: 6, parts: [await actor.write(5, 0, "five")] });
    },
    message:
      "epochComplete on map: parts[0] is a receipt of epoch 5, not of 6. " +
      "Pass the receipts that this epoch's writes returned, each once.",
  },
  AmbiguousPartial: {
    provoke: async (world) => {
      await (await world.open("A")).write(5, 0, "of A");
      await (await world.open("B")).write(5, 0, "of B");
      const { backend } = await world.open("C", { acceptListed: true });
      return backend.epochComplete({ epoch: 5, parts: [0] });
    },
    message:
      "epochComplete on map: vnode 0 of epoch 5 has 2 partials. Pass the receipt of the one that is meant.",
  },
  PartialLost: {
    provoke: async (world) => {
      const actor = await world.open("A");
      await actor.seal(5, { 0: "five" });
      await world.store.delete(["epoch=5/vnode=0/partial.bin"]);
      return (await actor.backend.latest())?.read(0);
    },
    message:
      "read on map: epoch=5/vnode=0/partial.bin is named by the seal of epoch 5 and is gone. " +
      "Put it back from a copy, or restore from another epoch; find out who deleted it.",
  },
  Corrupt: {
    provoke: async (world) => {
      const actor = await world.open("A");
      await actor.seal(5, { 0: "five" });
      await damage(world, "epoch=5/_COMMIT", "");
      return actor.backend.latest();
    },
    message:
      "latest on map: epoch=5/_COMMIT is empty. Put it back from a copy, or give the epoch up: " +
      "ObjectStoreBackend.recover({ store, instanceId, giveUp, version }).",
  },
  SourceFailed: {
    provoke: async (world) => {
      const { backend } = await world.open("A");
      const bytes = brokenStream();
      return backend.writePartial({ epoch: 5, vnode: 0, assignmentVersion: 0, bytes });
    },
    message:
      "writePartial on map: the source of vnode 0 in epoch 5 failed after 5 bytes: the disk is gone. " +
      "Look at the cause, and write it again.",
  },
  UnknownCodec: {
    provoke: async (world) => {
      await (await world.open("A", { codecs: [mirrored] })).seal(5, { 0: "five" });
      const latest = await (await world.open("B")).backend.latest();
      return latest?.read(0);
    },
    message:
      "read on map: epoch=5/vnode=0/partial.bin was written with codec mirrored, and the backend was opened without it. " +
      "Open it with that codec too, after the one that writes.",
  },
  UnknownFormat: {
    provoke: async (world) => {
      const { backend } = await world.open("A");
      await world.put("epoch=5/_COMMIT", '{"format":9}');
      return backend.latest();
    },
    message:
      "latest on map: epoch=5/_COMMIT has format 9; this version reads 0, 1 and 2. " +
      "Upgrade: a later version of this library wrote it.",
  },
  CapacityMismatch: {
    provoke: async (world) => {
      await world.open("A");
      return world.open("A", { vnodeCapacity: 8 });
    },
    message:
      "open on map: the namespace has 128 vnodes, and was opened with vnodeCapacity 8. " +
      "Open it with the vnodeCapacity that it was created with.",
  },
  NamespaceAbsent: {
    provoke: async (world) => world.open("A", { mustExist: true }),
    message: "open on map: the store holds no checkpoints. Check the bucket, path or prefix.",
  },
  ConditionIgnored: {
    provoke: async (world) => {
      world.store.create = async () => "created";
      return world.open("A");
    },
    message:
      'open on map: the store does not create only what is absent: it returned "created" for an object that was there. ' +
      "No checkpoint is safe on it: use another store.",
  },
  OutcomeUnknown: {
    provoke: async (world) => {
      const actor = await world.open("A");
      const parts = [await actor.write(5, 0, "five")];
      actor.store.delay("create epoch=5/_COMMIT");
      return actor.backend.epochComplete({ epoch: 5, parts });
    },
    message: "epochComplete on map: whether epoch 5 is sealed is not known. Ask again; abort decides it.",
  },
  ReadOnly: {
    provoke: async (world) => (await world.open("A", { readOnly: true })).backend.abort(5),
    message: "abort on map: the backend was opened read-only. Open a backend without readOnly for it.",
  },
  Closed: {
    provoke: async (world) => {
      const { backend } = await world.open("A");
      await backend.close();
      return backend.latest();
    },
    message: "latest on map: the backend was closed. Open another backend.",
  },
  StoreFailed: {
    provoke: async (world) => {
      world.store.get = async () => {
        throw new StoreError("Denied", "403 AccessDenied");
      };
      return world.open("A");
    },
    message:
      "open on map: 403 AccessDenied (get _control/namespace: 1 attempt in 0.0 s). Check credentials and permissions.",
  },
};

let world: World;

beforeEach(() => {
  world = new World(new MapStore());
});

test.for(Object.entries(rows))("%s", async ([code, { provoke, message }]) => {
  const error = await rejectionOf(provoke(world));
  expect(isStateError(error) && error.code).toBe(code);
  expect(error).toHaveProperty("message", message);
  // What a terminal shows of an error that nobody caught is its stack.
  expect(error).toHaveProperty("stack", expect.stringContaining(message));
});

describe("an error of the store", () => {
  test("says how often it was asked, and for how long", async () => {
    let now = 0;
    const retry = {
      attempts: 3,
      now: () => now,
      sleep: async (ms: number): Promise<void> => {
        // An attempt's time-out, which never comes.
        if (ms > 10_000) return new Promise(() => undefined);
        now += ms;
        return undefined;
      },
      random: () => 1,
    };
    world.store.get = async () => {
      throw new StoreError("Unavailable", "connect ECONNREFUSED 127.0.0.1:9000");
    };
    const error = await rejectionOf(world.open("A", { retry }));
    expect(error).toHaveProperty(
      "message",
      "open on map: connect ECONNREFUSED 127.0.0.1:9000 (get _control/namespace: 3 attempts in 0.3 s). Try again: it may pass.",
    );
  });

  test.for([
    ["Unavailable", true],
    ["Throttled", true],
    ["Corrupt", true],
    ["Denied", false],
    ["Misconfigured", false],
    ["Failed", false],
  ] as const)("%s says whether the call is worth making again", async ([code, retryable]) => {
    const cause = new StoreError(code, "as the store says");
    expect(new StateError("StoreFailed", "latest on map", { sealed: "unknown", cause })).toMatchObject({
      retryable,
    });
  });
});

test("a call whose outcome is unknown is worth making again, one that was refused is not", () => {
  const details = { sealed: "unknown" } as const;
  expect(new StateError("OutcomeUnknown", "a fact", details).retryable).toBe(true);
  expect(new StateError("StaleVersion", "a fact", details).retryable).toBe(false);
});

test("new ObjectStoreBackend() says how to open one", () => {
  expect(() => Reflect.construct(ObjectStoreBackend, [])).toThrow(
    "await ObjectStoreBackend.open({ store, instanceId, vnodeCapacity })",
  );
});
