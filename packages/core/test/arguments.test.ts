import { describe, expect, test } from "vitest";
import { bytesOf, vnodeCapacity, World } from "../src/conformance/backend-suite/world.ts";
import type { ObjectStoreBackend } from "../src/index.ts";
import {
  type Anything,
  type Bad,
  expectNamed,
  messageOf,
  missing,
  noBooleans,
  noBytes,
  noIntegers,
  noNames,
  noObjects,
  noSignals,
  noVersions,
  noVnodes,
  range,
  type,
  withEachBadValue,
} from "./support/bad-values.ts";
import { MapStore } from "./support/map-store.ts";
import { attachment, bytes, epoch, partial } from "./support/receipts.ts";
import { rejectionOf } from "./support/rejection.ts";

/** One argument of one call: how it is named, what it must not be, and how the call is made with it. */
interface Argument {
  readonly call: string;
  readonly argument: string;
  readonly bad: readonly Bad[];
  readonly send: (backend: ObjectStoreBackend, value: Anything) => Promise<unknown>;
}

/** A negative `before` stands for 0. */
const notEvenNegative = [
  ...noIntegers.filter(({ value }) => value !== -1),
  range("-9007199254740992", -(2 ** 53)),
];

const numberArguments: readonly Argument[] = [
  {
    call: "writePartial",
    argument: "epoch",
    bad: [missing, ...noIntegers],
    send: (backend, value) => backend.writePartial({ epoch: value, vnode: 1, assignmentVersion: 0, bytes }),
  },
  {
    call: "writePartial",
    argument: "vnode",
    bad: [missing, ...noVnodes],
    send: (backend, value) => backend.writePartial({ epoch, vnode: value, assignmentVersion: 0, bytes }),
  },
  {
    call: "writePartial",
    argument: "assignmentVersion",
    bad: [missing, ...noVersions],
    send: (backend, value) => backend.writePartial({ epoch, vnode: 1, assignmentVersion: value, bytes }),
  },
  {
    call: "writeAttachment",
    argument: "epoch",
    bad: [missing, ...noIntegers],
    send: (backend, value) =>
      backend.writeAttachment({ epoch: value, name: "offsets", assignmentVersion: 0, bytes }),
  },
  {
    call: "writeAttachment",
    argument: "assignmentVersion",
    bad: [missing, ...noVersions],
    send: (backend, value) =>
      backend.writeAttachment({ epoch, name: "offsets", assignmentVersion: value, bytes }),
  },
  {
    call: "epochComplete",
    argument: "epoch",
    bad: [missing, ...noIntegers],
    send: (backend, value) => backend.epochComplete({ epoch: value, parts: [1] }),
  },
  {
    call: "epochComplete",
    argument: "parts[1]",
    bad: [missing, ...noVnodes.filter(({ value }) => typeof value !== "object" || value === null)],
    send: (backend, value) => backend.epochComplete({ epoch, parts: [1, value] }),
  },
  {
    call: "epochComplete",
    argument: "unchanged[1]",
    bad: [missing, ...noVnodes],
    send: (backend, value) => backend.epochComplete({ epoch, parts: [1], unchanged: [2, value] }),
  },
  {
    call: "abort",
    argument: "epoch",
    bad: [missing, ...noIntegers],
    send: (backend, value) => backend.abort(value),
  },
  {
    call: "takeover",
    argument: "version",
    bad: [missing, range("0", 0), ...noVersions],
    send: (backend, value) => backend.takeover({ version: value }),
  },
  {
    call: "readPartial",
    argument: "vnode",
    bad: [missing, ...noVnodes],
    send: (backend, value) => backend.readPartial({ vnode: value, epoch }),
  },
  {
    call: "readPartial",
    argument: "epoch",
    bad: [missing, ...noIntegers],
    send: (backend, value) => backend.readPartial({ vnode: 1, epoch: value }),
  },
  {
    call: "sealedEpochs",
    argument: "after",
    bad: noIntegers,
    send: (backend, value) => backend.sealedEpochs({ after: value }),
  },
  {
    call: "describeEpoch",
    argument: "epoch",
    bad: [missing, ...noIntegers],
    send: (backend, value) => backend.describeEpoch(value),
  },
  {
    call: "pruneBefore",
    argument: "before",
    bad: [missing, ...notEvenNegative],
    send: (backend, value) => backend.pruneBefore(value),
  },
  {
    call: "prune",
    argument: "before",
    bad: notEvenNegative,
    send: (backend, value) => backend.prune({ before: value }),
  },
  {
    call: "prune",
    argument: "keep",
    bad: [range("0", 0), ...noIntegers],
    send: (backend, value) => backend.prune({ keep: value }),
  },
];

const otherArguments: readonly Argument[] = [
  {
    call: "writePartial",
    argument: "args",
    bad: [missing, ...noObjects],
    send: (backend, value) => backend.writePartial(value),
  },
  {
    call: "writePartial",
    argument: "bytes",
    bad: noBytes,
    send: (backend, value) => backend.writePartial({ epoch, vnode: 1, assignmentVersion: 0, bytes: value }),
  },
  {
    call: "writeAttachment",
    argument: "args",
    bad: [missing, ...noObjects],
    send: (backend, value) => backend.writeAttachment(value),
  },
  {
    call: "writeAttachment",
    argument: "name",
    bad: noNames,
    send: (backend, value) => backend.writeAttachment({ epoch, name: value, assignmentVersion: 0, bytes }),
  },
  {
    call: "writeAttachment",
    argument: "bytes",
    bad: noBytes,
    send: (backend, value) =>
      backend.writeAttachment({ epoch, name: "offsets", assignmentVersion: 0, bytes: value }),
  },
  {
    call: "epochComplete",
    argument: "args",
    bad: [missing, ...noObjects],
    send: (backend, value) => backend.epochComplete(value),
  },
  {
    call: "epochComplete",
    argument: "parts",
    bad: [missing, ...noObjects, type("[object Object]", {}), type("[object Set]", new Set([1]))],
    send: (backend, value) => backend.epochComplete({ epoch, parts: value }),
  },
  {
    call: "epochComplete",
    argument: "unchanged",
    bad: [...noObjects, type("[object Object]", {}), type("[object Set]", new Set([1]))],
    send: (backend, value) => backend.epochComplete({ epoch, parts: [1], unchanged: value }),
  },
  {
    call: "epochComplete",
    argument: "attachments",
    bad: [...noObjects, type("[object Object]", {}), type("[object Set]", new Set([attachment]))],
    send: (backend, value) => backend.epochComplete({ epoch, parts: [1], attachments: value }),
  },
  {
    call: "epochComplete",
    argument: "attachments[0]",
    bad: [missing, ...noObjects],
    send: (backend, value) => backend.epochComplete({ epoch, parts: [1], attachments: [value] }),
  },
  {
    call: "takeover",
    argument: "args",
    bad: [missing, ...noObjects],
    send: (backend, value) => backend.takeover(value),
  },
  {
    call: "readPartial",
    argument: "args",
    bad: [missing, ...noObjects],
    send: (backend, value) => backend.readPartial(value),
  },
  {
    call: "sealedEpochs",
    argument: "args",
    bad: noObjects,
    send: (backend, value) => backend.sealedEpochs(value),
  },
  {
    call: "pruneBefore",
    argument: "asOperator",
    bad: noBooleans,
    send: (backend, value) => backend.pruneBefore(5, { asOperator: value }),
  },
  {
    call: "prune",
    argument: "args",
    bad: [missing, ...noObjects],
    send: (backend, value) => backend.prune(value),
  },
  {
    call: "prune",
    argument: "asOperator",
    bad: noBooleans,
    send: (backend, value) => backend.prune({ keep: 1 }, { asOperator: value }),
  },
  {
    call: "prune",
    argument: "dryRun",
    bad: noBooleans,
    send: (backend, value) => backend.prune({ keep: 1 }, { dryRun: value }),
  },
];

const receiptFields: readonly { readonly field: string; readonly bad: readonly Bad[] }[] = [
  { field: "epoch", bad: [missing, ...noIntegers] },
  { field: "assignmentVersion", bad: [missing, ...noVersions] },
  { field: "size", bad: [missing, range("2147483648", 2 ** 31), ...noIntegers] },
  { field: "key", bad: [missing, type("null", null), type("5", 5), type("[object Object]", {})] },
  {
    field: "sha256",
    bad: [
      missing,
      type("null", null),
      type("5", 5),
      range('""', ""),
      range(`"${"A".repeat(64)}"`, "A".repeat(64)),
      range(`"${"a".repeat(63)}"`, "a".repeat(63)),
      range(`"${"a".repeat(65)}"`, "a".repeat(65)),
      range(`"${"g".repeat(64)}"`, "g".repeat(64)),
    ],
  },
];

const receiptArguments: readonly Argument[] = [
  { field: "vnode", bad: [missing, ...noVnodes] },
  ...receiptFields,
].map(({ field, bad }) => ({
  call: "epochComplete",
  argument: `parts[0].${field}`,
  bad,
  send: (backend, value) => backend.epochComplete({ epoch, parts: [{ ...partial, [field]: value }] }),
}));

const attachmentReceiptArguments: readonly Argument[] = [
  { field: "name", bad: noNames },
  ...receiptFields,
].map(({ field, bad }) => ({
  call: "epochComplete",
  argument: `attachments[0].${field}`,
  bad,
  send: (backend, value) =>
    backend.epochComplete({ epoch, parts: [1], attachments: [{ ...attachment, [field]: value }] }),
}));

/** Every call with options, and good arguments otherwise. */
const calls: readonly {
  readonly call: string;
  readonly send: (backend: ObjectStoreBackend, options: Anything) => Promise<unknown>;
}[] = [
  {
    call: "writePartial",
    send: (backend, options) =>
      backend.writePartial({ epoch, vnode: 1, assignmentVersion: 0, bytes }, options),
  },
  {
    call: "writeAttachment",
    send: (backend, options) =>
      backend.writeAttachment({ epoch, name: "offsets", assignmentVersion: 0, bytes }, options),
  },
  {
    call: "epochComplete",
    send: (backend, options) => backend.epochComplete({ epoch, parts: [1] }, options),
  },
  { call: "abort", send: (backend, options) => backend.abort(epoch, options) },
  { call: "takeover", send: (backend, options) => backend.takeover({ version: 1 }, options) },
  { call: "latest", send: (backend, options) => backend.latest(options) },
  { call: "latestCommittedEpoch", send: (backend, options) => backend.latestCommittedEpoch(options) },
  { call: "readPartial", send: (backend, options) => backend.readPartial({ vnode: 1, epoch }, options) },
  { call: "sealedEpochs", send: (backend, options) => backend.sealedEpochs({}, options) },
  { call: "describeEpoch", send: (backend, options) => backend.describeEpoch(epoch, options) },
  { call: "pruneBefore", send: (backend, options) => backend.pruneBefore(epoch, options) },
  { call: "prune", send: (backend, options) => backend.prune({ keep: 1 }, options) },
];

const optionArguments: readonly Argument[] = calls.flatMap(({ call, send }) => [
  { call, argument: "options", bad: noObjects, send },
  {
    call,
    argument: "signal",
    bad: noSignals,
    send: (backend, value) => send(backend, { signal: value } as Anything),
  },
]);

describe("a bad argument is refused by name, and nothing is sent:", () => {
  test.each(
    [
      ...numberArguments,
      ...otherArguments,
      ...receiptArguments,
      ...attachmentReceiptArguments,
      ...optionArguments,
    ].flatMap(withEachBadValue),
  )("$call refuses $argument that is $shown", async ({ argument, shown, value, error, send }) => {
    const { backend, store } = await new World(new MapStore()).open("A");
    const sent = store.requests.length;

    const reason = await rejectionOf(send(backend, value as Anything));

    expectNamed(reason, { argument, shown, error });
    expect(store.requests.slice(sent)).toEqual([]);
  });
});

describe("prune", () => {
  test.each([
    { what: "neither", args: {} },
    { what: "both", args: { keep: 1, before: 5 } },
  ])("refuses $what of keep and before, and sends nothing", async ({ what, args }) => {
    const { backend, store } = await new World(new MapStore()).open("A");
    const sent = store.requests.length;

    const reason = await rejectionOf(backend.prune(args as Anything));

    expect(reason).toBeInstanceOf(TypeError);
    expect(messageOf(reason)).toBe(`args must have one of keep and before, not ${what}`);
    expect(store.requests.slice(sent)).toEqual([]);
  });
});

describe("setAuthoritativeVersion", () => {
  test.each([missing, ...noVersions])("throws at once for version that is $shown", async (bad) => {
    const { backend, store } = await new World(new MapStore()).open("A");
    const sent = store.requests.length;

    const reason = thrown(() => backend.setAuthoritativeVersion(bad.value as Anything));

    expectNamed(reason, { argument: "version", ...bad });
    expect(store.requests.slice(sent)).toEqual([]);
    expect(backend.authoritativeVersion).toBe(0);
  });
});

describe("the bounds themselves are accepted:", () => {
  test("epoch 0 and the highest epoch, vnode 0 and the highest vnode", async () => {
    const { backend } = await new World(new MapStore()).open("A");
    const lowest = await backend.writePartial({ epoch: 0, vnode: 0, assignmentVersion: 0, bytes });
    const highest = await backend.writePartial({
      epoch: Number.MAX_SAFE_INTEGER,
      vnode: vnodeCapacity - 1,
      assignmentVersion: 2 ** 52,
      bytes,
    });
    expect([lowest.key, highest.key]).toEqual([
      "epoch=0/vnode=0/partial.bin",
      "epoch=9007199254740991/vnode=127/partial.bin",
    ]);
  });

  test("the highest version, which writes, seals and leads", async () => {
    const { backend } = await new World(new MapStore()).open("A");
    await backend.takeover({ version: 2 ** 52 });
    const part = await backend.writePartial({ epoch, vnode: 1, assignmentVersion: 2 ** 52, bytes });
    expect(await backend.epochComplete({ epoch, parts: [part] })).toHaveProperty("complete", true);
    backend.setAuthoritativeVersion(2 ** 52);
    expect(backend.authoritativeVersion).toBe(4_503_599_627_370_496);
  });

  test.each(["x", "x".repeat(200), "...", "a.b", "=", "-", "_COMMIT", ".hidden", "staging-x"])(
    "an attachment named %s",
    async (name) => {
      const { backend } = await new World(new MapStore()).open("A");
      const receipt = await backend.writeAttachment({ epoch, name, assignmentVersion: 0, bytes });
      expect(receipt.key).toBe(`epoch=5/attachment/${name}/data.bin`);
    },
  );

  test.each([
    { what: "no bytes", given: new Uint8Array() },
    { what: "a Buffer", given: Buffer.from("state") },
    { what: "a view of a part", given: bytesOf("a state").subarray(2) },
    { what: "shared memory", given: new Uint8Array(new SharedArrayBuffer(5)) },
  ])("$what, as bytes", async ({ given }) => {
    const { backend } = await new World(new MapStore()).open("A");
    const receipt = await backend.writePartial({ epoch, vnode: 1, assignmentVersion: 0, bytes: given });
    expect(receipt.size).toBe(given.length);
  });
});

function thrown(call: () => void): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  return expect.fail("nothing was thrown");
}
