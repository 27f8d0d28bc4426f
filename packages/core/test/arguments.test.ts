import { describe, expect, test } from "vitest";
import type { ScriptedStore } from "../src/conformance/backend-suite/scripted-store.ts";
import { bytesOf, vnodeCapacity, World } from "../src/conformance/backend-suite/world.ts";
import {
  type AttachmentReceipt,
  isStateError,
  ObjectStoreBackend,
  type OpenOptions,
  type PartialReceipt,
  type SealedEpoch,
} from "../src/index.ts";
import { MapStore } from "./support/map-store.ts";

type Backend = ObjectStoreBackend;

/** What a test passes in place of an argument: anything, whatever the types say. */
type Anything = never;

/** A bad value, as a message shows it, and what refuses it. */
interface Bad {
  readonly shown: string;
  readonly value: unknown;
  readonly error: typeof TypeError | typeof RangeError;
}

const range = (shown: string, value: unknown): Bad => ({ shown, value, error: RangeError });
const type = (shown: string, value: unknown): Bad => ({ shown, value, error: TypeError });

const noObjects = [type("5", 5), type('"x"', "x"), type("null", null), type("7n", 7n)];
const noNumbers = [
  type('"5"', "5"),
  type('""', ""),
  type("null", null),
  type("5n", 5n),
  type("true", true),
  type("[object Object]", {}),
  type("[object Array]", [5]),
];
const noIntegers = [
  range("NaN", Number.NaN),
  range("Infinity", Number.POSITIVE_INFINITY),
  range("-1", -1),
  range("1.5", 1.5),
  range("9007199254740992", 2 ** 53),
  ...noNumbers,
];
const missing = type("undefined", undefined);
const noVnodes = [range(String(vnodeCapacity), vnodeCapacity), ...noIntegers];
const noBytes = [
  missing,
  type("null", null),
  type('"bytes"', "bytes"),
  type("5", 5),
  type("[object ArrayBuffer]", new ArrayBuffer(4)),
  type("[object DataView]", new DataView(new ArrayBuffer(4))),
  type("[object Uint16Array]", new Uint16Array(4)),
  type("[object Uint8ClampedArray]", new Uint8ClampedArray(4)),
  type("[object Array]", [1, 2]),
  range("2147483648", hugeBytes()),
];
const noNames = [
  missing,
  type("null", null),
  type("5", 5),
  type("[object Object]", {}),
  range('""', ""),
  range('"a/b"', "a/b"),
  range('"/"', "/"),
  range('"."', "."),
  range('".."', ".."),
  range('"../x"', "../x"),
  range('".staging-x"', ".staging-x"),
  range('"two words"', "two words"),
  range('" "', " "),
  range('"name\\n"', "name\n"),
  range('"ü"', "ü"),
  range('"a\\\\b"', "a\\b"),
  range('"a%2Fb"', "a%2Fb"),
  range("xxx…", "x".repeat(201)),
  range("xxx…", "x".repeat(300)),
];
const noSignals = [
  type("null", null),
  type('"abort"', "abort"),
  type("5", 5),
  type("true", true),
  type("[object Object]", {}),
  type("[object Object]", { aborted: false }),
  type("[object AbortController]", new AbortController()),
  type("[object EventTarget]", new EventTarget()),
];
const noBooleans = [type('"yes"', "yes"), type("1", 1), type("null", null), type("[object Object]", {})];
const noFunctions = [type('"log"', "log"), type("1", 1), type("null", null), type("[object Object]", {})];

const epoch = 5;
const sha256 = "a".repeat(64);
const otherSha256 = "b".repeat(64);
const bytes = bytesOf("state");

const partial: PartialReceipt = {
  epoch,
  vnode: 1,
  assignmentVersion: 0,
  key: "epoch=5/vnode=1/partial.bin",
  size: 5,
  sha256,
};
const attachment: AttachmentReceipt = {
  epoch,
  name: "offsets",
  assignmentVersion: 0,
  key: "epoch=5/attachment/offsets/data.bin",
  size: 7,
  sha256,
};

/** One argument of one call: how it is named, what it must not be, and how the call is made with it. */
interface Argument {
  readonly call: string;
  readonly argument: string;
  readonly bad: readonly Bad[];
  readonly send: (backend: Backend, value: Anything) => Promise<unknown>;
}

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
    bad: [missing, ...noIntegers],
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
    bad: [missing, ...noIntegers],
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
    bad: [missing, range("0", 0), ...noIntegers],
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
    bad: [missing, ...noIntegers],
    send: (backend, value) => backend.pruneBefore(value),
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
];

const receiptFields: readonly { readonly field: string; readonly bad: readonly Bad[] }[] = [
  { field: "epoch", bad: [missing, ...noIntegers] },
  { field: "assignmentVersion", bad: [missing, ...noIntegers] },
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
  readonly send: (backend: Backend, options: Anything) => Promise<unknown>;
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

    const reason = await rejection(send(backend, value as Anything));

    expectNamed(reason, { argument, shown, error });
    expect(store.requests.slice(sent)).toEqual([]);
  });
});

describe("a hole in an array is no vnode and no receipt:", () => {
  const hole = Array.from<Anything>({ length: 0 });
  hole.length = 1;

  test.each([
    { argument: "parts[0]", args: { epoch, parts: hole } },
    { argument: "unchanged[0]", args: { epoch, parts: [1], unchanged: hole } },
    { argument: "attachments[0]", args: { epoch, parts: [1], attachments: hole } },
  ])("epochComplete refuses $argument that is not there", async ({ argument, args }) => {
    const { backend, store } = await new World(new MapStore()).lead("A", 1);
    const sent = store.requests.length;

    const reason = await rejection(backend.epochComplete(args));

    expectNamed(reason, { argument, shown: "undefined", error: TypeError });
    expect(store.requests.slice(sent)).toEqual([]);
  });
});

describe("setAuthoritativeVersion", () => {
  test.each([missing, ...noIntegers])("throws at once for version that is $shown", async (bad) => {
    const { backend, store } = await new World(new MapStore()).open("A");
    const sent = store.requests.length;

    const reason = thrown(() => backend.setAuthoritativeVersion(bad.value as Anything));

    expectNamed(reason, { argument: "version", ...bad });
    expect(store.requests.slice(sent)).toEqual([]);
    expect(backend.authoritativeVersion).toBe(0);
  });
});

describe("a sealed epoch's handle", () => {
  const reads: readonly (Omit<Argument, "send"> & {
    readonly send: (handle: SealedEpoch, value: Anything) => Promise<unknown>;
  })[] = [
    {
      call: "read",
      argument: "vnode",
      bad: [missing, ...noVnodes],
      send: (handle, value) => handle.read(value),
    },
    { call: "read", argument: "options", bad: noObjects, send: (handle, value) => handle.read(1, value) },
    {
      call: "read",
      argument: "signal",
      bad: noSignals,
      send: (handle, value) => handle.read(1, { signal: value }),
    },
    {
      call: "attachment",
      argument: "name",
      bad: noNames,
      send: (handle, value) => handle.readAttachment(value),
    },
    {
      call: "attachment",
      argument: "options",
      bad: noObjects,
      send: (handle, value) => handle.readAttachment("offsets", value),
    },
    {
      call: "attachment",
      argument: "signal",
      bad: noSignals,
      send: (handle, value) => handle.readAttachment("offsets", { signal: value }),
    },
  ];

  test.each(reads.flatMap(withEachBadValue))(
    "refuses in $call $argument that is $shown, and sends nothing",
    async ({ argument, shown, value, error, send }) => {
      const { handle, store } = await sealedEpoch();
      const sent = store.requests.length;

      const reason = await rejection(send(handle, value as Anything));

      expectNamed(reason, { argument, shown, error });
      expect(store.requests.slice(sent)).toEqual([]);
    },
  );
});

describe("open", () => {
  const options: readonly { readonly argument: string; readonly bad: readonly Bad[] }[] = [
    {
      argument: "store",
      bad: [missing, type("null", null), type('"s3://bucket"', "s3://bucket"), type("5", 5)],
    },
    {
      argument: "instanceId",
      bad: [
        missing,
        type("null", null),
        type("5", 5),
        type("[object Object]", {}),
        range('""', ""),
        range("xxx…", "x".repeat(201)),
        range('"{"', "{"),
        range('"{node-0}"', "{node-0}"),
        range('"node\\n0"', "node\n0"),
        range('"node\\u0000"', "node\u0000"),
        range('"node\\u001b[31m"', "node\u001B[31m"),
        range('"node\u007F"', "node\u007F"),
        range('"node\u2028"', "node\u2028"),
        range('"\\ud800"', "\uD800"),
      ],
    },
    {
      argument: "vnodeCapacity",
      bad: [missing, range("0", 0), range("65537", 65_537), ...noIntegers],
    },
    { argument: "concurrency", bad: [range("0", 0), range("1025", 1025), ...noIntegers] },
    { argument: "readOnly", bad: noBooleans },
    { argument: "acceptListed", bad: noBooleans },
    { argument: "onEvent", bad: noFunctions },
    { argument: "signal", bad: noSignals },
    { argument: "retry", bad: noObjects },
  ];
  const retryOptions = [
    { name: "attempts", bad: [range("0", 0), ...noIntegers] },
    ...["baseDelayMs", "maxDelayMs"].map((name) => ({ name, bad: noAmounts() })),
    ...["deadlineMs", "attemptTimeoutMs"].map((name) => ({ name, bad: [range("0", 0), ...noAmounts()] })),
    ...["now", "sleep", "random"].map((name) => ({ name, bad: noFunctions })),
  ];

  test.each(options.flatMap(withEachBadValue))(
    "refuses $argument that is $shown, and sends nothing",
    async ({ argument, shown, value, error }) => {
      const { store, requests } = recorded();

      const reason = await rejection(openWith({ store, [argument]: value }));

      expectNamed(reason, { argument, shown, error });
      expect(requests).toEqual([]);
    },
  );

  test.each(
    retryOptions.flatMap(({ name, bad }) =>
      bad.map((each) => ({ name, argument: `retry.${name}`, ...each })),
    ),
  )(
    "refuses $argument that is $shown, and sends nothing",
    async ({ name, argument, shown, value, error }) => {
      const { store, requests } = recorded();

      const reason = await rejection(openWith({ store, retry: { [name]: value } }));

      expectNamed(reason, { argument, shown, error });
      expect(requests).toEqual([]);
    },
  );

  test.each([missing, ...noObjects])("refuses options that are $shown", async (bad) => {
    const reason = await rejection(ObjectStoreBackend.open(bad.value as Anything));
    expectNamed(reason, { argument: "options", ...bad });
  });

  test.each(["create", "get", "list", "delete"])(
    "refuses a store that has no %s, by that name",
    async (operation) => {
      const { store, requests } = recorded();
      Object.defineProperty(store, operation, { value: undefined });

      const reason = await rejection(openWith({ store }));

      expect(reason).toBeInstanceOf(TypeError);
      expect(messageOf(reason)).toMatch(new RegExp(`^store .*${operation}`));
      expect(requests).toEqual([]);
    },
  );

  test.each<{ readonly what: string; readonly options: Partial<OpenOptions> }>([
    { what: "the lowest numbers", options: { vnodeCapacity: 1, concurrency: 1, retry: { attempts: 1 } } },
    { what: "the highest numbers", options: { vnodeCapacity: 65_536, concurrency: 1024 } },
    { what: "an instanceId of 200 characters", options: { instanceId: "x".repeat(200) } },
    { what: "an instanceId of other scripts", options: { instanceId: "nœud 1 / 節点 {🚀}" } },
    { what: "delays of nothing", options: { retry: { baseDelayMs: 0, maxDelayMs: 0 } } },
    {
      what: "options that are there and undefined",
      options: { concurrency: undefined, retry: undefined, onEvent: undefined, signal: undefined },
    },
  ])("accepts $what", async ({ options: given }) => {
    const backend = await openWith({ store: new MapStore(), ...given });
    expect(backend).toMatchObject(given.instanceId === undefined ? {} : { instanceId: given.instanceId });
  });
});

describe("the bounds themselves are accepted:", () => {
  test("epoch 0 and the highest epoch, vnode 0 and the highest vnode", async () => {
    const { backend } = await new World(new MapStore()).open("A");
    const lowest = await backend.writePartial({ epoch: 0, vnode: 0, assignmentVersion: 0, bytes });
    const highest = await backend.writePartial({
      epoch: Number.MAX_SAFE_INTEGER,
      vnode: vnodeCapacity - 1,
      assignmentVersion: Number.MAX_SAFE_INTEGER,
      bytes,
    });
    expect([lowest.key, highest.key]).toEqual([
      "epoch=0/vnode=0/partial.bin",
      "epoch=9007199254740991/vnode=127/partial.bin",
    ]);
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

describe("epochComplete sends nothing and answers", () => {
  const nothing = [
    { what: "no parts", args: { epoch, parts: [] } },
    { what: "neither parts nor unchanged vnodes", args: { epoch, parts: [], unchanged: [] } },
  ];
  test.each(nothing)("RangeError to $what: there is nothing to seal", async ({ args }) => {
    const { backend, store } = await new World(new MapStore()).lead("A", 1);
    const sent = store.requests.length;

    const reason = await rejection(backend.epochComplete(args));

    expect(reason).toBeInstanceOf(RangeError);
    expect(messageOf(reason)).toMatch(/parts, unchanged and attachments are all empty/);
    expect(store.requests.slice(sent)).toEqual([]);
  });

  const twice = [
    { what: "twice in unchanged", args: { epoch, parts: [], unchanged: [1, 2, 1] } },
    { what: "in unchanged and as a number", args: { epoch, parts: [1], unchanged: [1] } },
    { what: "in unchanged and as a receipt", args: { epoch, parts: [partial], unchanged: [2, 1] } },
  ];
  test.each(twice)("RangeError to a vnode that is $what", async ({ args }) => {
    const { backend, store } = await new World(new MapStore()).lead("A", 1);
    const sent = store.requests.length;

    const reason = await rejection(backend.epochComplete(args));

    expect(reason).toBeInstanceOf(RangeError);
    expect(messageOf(reason)).toMatch(/unchanged names vnode 1\b/);
    expect(store.requests.slice(sent)).toEqual([]);
  });

  const later = { ...partial, key: `epoch=5/vnode=1/partial.${sha256}.bin` };
  const laterAttachment = { ...attachment, key: `epoch=5/attachment/offsets/data.${sha256}.bin` };
  const unfit = [
    { what: "a vnode as a number twice", args: { epoch, parts: [1, 2, 1] }, says: /vnode 1 twice/ },
    { what: "a receipt twice", args: { epoch, parts: [partial, partial] }, says: /vnode 1 twice/ },
    { what: "two receipts of a vnode", args: { epoch, parts: [partial, later] }, says: /vnode 1 twice/ },
    { what: "a number, then its receipt", args: { epoch, parts: [1, partial] }, says: /vnode 1 twice/ },
    { what: "a receipt, then its number", args: { epoch, parts: [partial, 1] }, says: /vnode 1 twice/ },
    {
      what: "an attachment twice",
      args: { epoch, parts: [1], attachments: [attachment, laterAttachment] },
      says: /offsets twice/,
    },
    {
      what: "a receipt of another epoch",
      args: { epoch: 6, parts: [partial] },
      says: /parts\[0\] .*epoch 5/,
    },
    {
      what: "an attachment's receipt of another epoch",
      args: { epoch: 6, parts: [1], attachments: [attachment] },
      says: /attachments\[0\] .*epoch 5/,
    },
    ...[
      "epoch=4/vnode=1/partial.bin",
      "epoch=50/vnode=1/partial.bin",
      "epoch=5/vnode=2/partial.bin",
      "epoch=5/vnode=11/partial.bin",
      "epoch=5/vnode=01/partial.bin",
      `epoch=5/vnode=1/partial.${otherSha256}.bin`,
      `epoch=5/vnode=2/partial.${sha256}.bin`,
      "epoch=5/vnode=1/partial.bin/x",
      "epoch=5/vnode=1/../vnode=1/partial.bin",
      "epoch=5/attachment/1/data.bin",
      "epoch=5/_COMMIT",
      "_control/namespace",
      "",
    ].map((key) => ({
      what: `a receipt of the key ${JSON.stringify(key)}`,
      args: { epoch, parts: [{ ...partial, key }] },
      says: /^parts\[0\]: .*vnode 1 /,
    })),
    ...[
      "epoch=4/attachment/offsets/data.bin",
      "epoch=5/attachment/offset/data.bin",
      "epoch=5/attachment/other/data.bin",
      `epoch=5/attachment/offsets/data.${otherSha256}.bin`,
      `epoch=5/attachment/other/data.${sha256}.bin`,
      "epoch=5/vnode=1/partial.bin",
      "epoch=5/_COMMIT",
      "",
    ].map((key) => ({
      what: `an attachment's receipt of the key ${JSON.stringify(key)}`,
      args: { epoch, parts: [1], attachments: [{ ...attachment, key }] },
      says: /^attachments\[0\]: .*attachment offsets /,
    })),
  ];
  test.each(unfit)("ReceiptInvalid to $what", async ({ args, says }) => {
    const { backend, store } = await new World(new MapStore()).open("A");
    const sent = store.requests.length;

    const reason = await rejection(backend.epochComplete(args));

    expect(isStateError(reason)).toBe(true);
    expect(reason).toMatchObject({ code: "ReceiptInvalid", sealed: "unknown", epoch: args.epoch });
    expect(messageOf(reason)).toMatch(says);
    expect(store.requests.slice(sent)).toEqual([]);
  });
});

function withEachBadValue<A extends { readonly bad: readonly Bad[] }>(argument: A): (A & Bad)[] {
  return argument.bad.map((each) => ({ ...argument, ...each }));
}

function noAmounts(): Bad[] {
  return [
    range("NaN", Number.NaN),
    range("Infinity", Number.POSITIVE_INFINITY),
    range("-1", -1),
    ...noNumbers,
  ];
}

/** A Uint8Array that says that it has 2^31 bytes. */
function hugeBytes(): Uint8Array {
  return Object.defineProperty(new Uint8Array(1), "byteLength", { value: 2 ** 31 });
}

function openWith(options: Readonly<Record<string, unknown>>): Promise<Backend> {
  return ObjectStoreBackend.open({ instanceId: "A", vnodeCapacity, ...options } as unknown as OpenOptions);
}

/** A store, and what was asked of it. */
function recorded(): { store: MapStore; requests: string[] } {
  const requests: string[] = [];
  const store = new MapStore();
  for (const operation of ["create", "get", "list", "delete"] as const) {
    Object.defineProperty(store, operation, {
      configurable: true,
      value: () => {
        requests.push(operation);
        throw new Error("a request was sent");
      },
    });
  }
  return { store, requests };
}

async function sealedEpoch(): Promise<{ handle: SealedEpoch; store: ScriptedStore }> {
  const actor = await new World(new MapStore()).open("A");
  const { backend, store } = actor;
  const offsets = await backend.writeAttachment({ epoch, name: "offsets", assignmentVersion: 0, bytes });
  const parts = [await actor.write(epoch, 1, "state")];
  await backend.epochComplete({ epoch, parts, attachments: [offsets] });
  const handle = await backend.latest();
  if (handle === undefined) throw new Error("nothing was sealed");
  return { handle, store };
}

/** What the promise rejects with. A call that throws instead of rejecting fails the test before this is called. */
async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => expect.fail(`nothing was refused, the answer was ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  );
}

function thrown(call: () => void): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  return expect.fail("nothing was thrown");
}

function messageOf(reason: unknown): string {
  return reason instanceof Error ? reason.message : `no Error: ${String(reason)}`;
}

/** The message begins with the argument's name and shows the value; a long one is cut. */
function expectNamed(
  reason: unknown,
  { argument, shown, error }: { readonly argument: string } & Omit<Bad, "value">,
): void {
  expect(reason, messageOf(reason)).toBeInstanceOf(error);
  expect(messageOf(reason).startsWith(`${argument} must be `), messageOf(reason)).toBe(true);
  const value = shown.endsWith("…") ? `not "${shown.slice(0, -1)}` : `not ${shown}`;
  expect(messageOf(reason)).toContain(value);
  expect(messageOf(reason).length).toBeLessThan(300);
}
