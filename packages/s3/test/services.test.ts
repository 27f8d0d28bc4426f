import { ObjectStoreBackend } from "@state/core";
import { type S3Double, type S3DoubleOptions, type S3ErrorResponse, startS3Double } from "@state/servers";
import { key, operations, rejectionOf, storeErrorOf } from "@state/servers/testing";
import { afterEach, describe, expect, test } from "vitest";
import { S3Store } from "../src/index.ts";
import { configOf } from "./support/target.ts";

const retry = { sleep: async (): Promise<void> => undefined };
const started: S3Double[] = [];

afterEach(async () => {
  await Promise.all(started.splice(0).map((double) => double.stop()));
});

async function start(
  options: S3DoubleOptions,
): Promise<{ readonly double: S3Double; readonly store: S3Store }> {
  const double = await startS3Double(options);
  started.push(double);
  return { double, store: new S3Store({ bucket: "bucket", clientConfig: configOf(double) }) };
}

async function open(store: S3Store): Promise<ObjectStoreBackend> {
  return ObjectStoreBackend.open({ store, instanceId: "a", vnodeCapacity: 1, retry });
}

describe("a service that cannot create only what is absent", () => {
  test("and overwrites is refused at open, by name of what was seen, however many open at once", async () => {
    const { store, double } = await start({ condition: "ignores" });
    const errors = await Promise.all([rejectionOf(open(store)), rejectionOf(open(store))]);
    for (const error of errors) {
      expect(error).toMatchObject({
        name: "StateError",
        code: "ConditionIgnored",
        message: expect.stringContaining(
          'open on s3://bucket: the store does not create only what is absent: it returned "created"',
        ),
      });
    }
    await expect(rejectionOf(open(store))).resolves.toHaveProperty("code", "ConditionIgnored");
    const written = double.requests.filter(({ method }) => method === "PUT").map(({ key: name }) => name);
    expect(new Set(written)).toEqual(new Set(["_control/namespace"]));
  });

  test.each([
    ["501", "NotImplemented (501)"],
    ["400", "InvalidArgument (400)"],
  ] as const)("and says so with %s is refused at open, by name of what was seen", async (condition, seen) => {
    const { store, double } = await start({ condition });
    const error = await rejectionOf(open(store));
    expect(error).toMatchObject({ code: "ConditionIgnored", cause: { code: "Unsupported" } });
    expect(String(Reflect.get(Object(error), "cause"))).toContain(seen);
    expect(double.requests.filter(({ method }) => method === "PUT")).toHaveLength(1);
  });
});

describe("a service that can", () => {
  test("is opened by many at once, who leave one object", async () => {
    const { store } = await start({});
    await Promise.all(Array.from({ length: 5 }, () => open(store)));
    const { value } = await store.list("")[Symbol.asyncIterator]().next();
    expect(value).toMatchObject({ objects: [{ key: "_control/namespace" }] });
  });

  test("is opened with five requests, and with three once the namespace is there", async () => {
    const { store, double } = await start({});
    await open(store);
    expect(methodsOf(double, 0)).toEqual({ GET: 3, PUT: 2 });
    await open(store);
    expect(methodsOf(double, 5)).toEqual({ GET: 2, PUT: 1 });
  });
});

describe("a conflict", () => {
  test.each(["ConditionalRequestConflict", "OperationAborted"])(
    "of two creates (409 %s) is sent again, and the epoch ends sealed once",
    async (code) => {
      const conflict: S3ErrorResponse = { status: 409, code, message: "another request is under way" };
      let conflicts = 0;
      const { store, double } = await start({
        refuse: ({ key: name, method }) => {
          if (method !== "PUT" || !name.endsWith("_COMMIT") || conflicts === 2) return undefined;
          conflicts += 1;
          return conflict;
        },
      });
      const backend = await open(store);
      const part = await backend.writePartial({
        epoch: 0,
        vnode: 0,
        assignmentVersion: 0,
        bytes: new Uint8Array([1]),
      });
      await expect(backend.epochComplete({ epoch: 0, parts: [part] })).resolves.toHaveProperty(
        "complete",
        true,
      );
      const seals = double.requests.filter(
        ({ key: name, method }) => method === "PUT" && name.endsWith("_COMMIT"),
      );
      expect(seals).toHaveLength(3);
      await expect(backend.readPartial({ vnode: 0, epoch: 0 })).resolves.toEqual(new Uint8Array([1]));
    },
  );
});

describe("what a checkpoint costs", () => {
  test("is a put for a vnode, and three requests to seal", async () => {
    const { store, double } = await start({});
    const backend = await open(store);
    const opened = double.requests.length;
    const bytes = new Uint8Array([1]);
    const part = await backend.writePartial({ epoch: 0, vnode: 0, assignmentVersion: 0, bytes });
    expect(methodsOf(double, opened)).toEqual({ PUT: 1 });
    const written = double.requests.length;
    await backend.epochComplete({ epoch: 0, parts: [part] });
    // The first one is looked at before, unless its leader has taken over.
    expect(methodsOf(double, written)).toEqual({ GET: 3, PUT: 2 });
    const sealed = double.requests.length;
    const bare = await backend.writePartial({ epoch: 1, vnode: 0, assignmentVersion: 0, bytes });
    await backend.epochComplete({ epoch: 1, parts: [bare] });
    expect(methodsOf(double, sealed)).toEqual({ GET: 1, PUT: 3 });
  });
});

describe("what is set wrong", () => {
  const someone = { accessKeyId: "AKIADOUBLE", secretAccessKey: "secret-of-the-double" };
  test.each([
    [
      "another secret",
      { credentials: { ...someone, secretAccessKey: "wrong" } },
      "Denied",
      "SignatureDoesNotMatch",
    ],
    ["another key", { credentials: { ...someone, accessKeyId: "nobody" } }, "Denied", "InvalidAccessKeyId"],
    ["another token", { credentials: { ...someone, sessionToken: "wrong" } }, "Denied", "InvalidToken"],
    ["another region", { region: "eu-west-3" }, "Misconfigured", "AuthorizationHeaderMalformed"],
  ])("is told apart by the service's own signature check: %s", async (_, wrong, code, name) => {
    const { double } = await start({});
    const store = new S3Store({ bucket: "bucket", clientConfig: { ...configOf(double), ...wrong } });
    for (const operation of ["create", "get", "list", "delete"] as const) {
      await expect(storeErrorOf(operations[operation](store))).resolves.toMatchObject({
        code,
        cause: { name },
      });
    }
  });

  test("is a bucket that is not there, whatever was asked", async () => {
    const { double } = await start({});
    const store = new S3Store({ bucket: "another", clientConfig: configOf(double) });
    for (const operation of ["create", "get", "list", "delete"] as const) {
      const error = await storeErrorOf(operations[operation](store));
      expect(error).toMatchObject({ code: "Misconfigured", cause: { name: "NoSuchBucket" } });
    }
  });
});

describe("objects", () => {
  test("of another make are read as they are", async () => {
    const { store, double } = await start({});
    const other = new S3Store({
      bucket: "bucket",
      clientConfig: { ...configOf(double), requestChecksumCalculation: "WHEN_REQUIRED" },
    });
    await other.create(key, new Uint8Array([7]));
    await expect(store.get(key)).resolves.toEqual(new Uint8Array([7]));
  });
});

function methodsOf(double: S3Double, from: number): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { method } of double.requests.slice(from)) counts[method] = (counts[method] ?? 0) + 1;
  return counts;
}
