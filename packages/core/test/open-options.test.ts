import { describe, expect, test } from "vitest";
import { vnodeCapacity } from "../src/conformance/backend-suite/world.ts";
import { ObjectStoreBackend, type OpenOptions } from "../src/index.ts";
import {
  type Anything,
  type Bad,
  expectNamed,
  messageOf,
  missing,
  noAmounts,
  noBooleans,
  noFunctions,
  noIntegers,
  noObjects,
  noSignals,
  range,
  type,
  withEachBadValue,
} from "./support/bad-values.ts";
import { MapStore } from "./support/map-store.ts";
import { rejectionOf } from "./support/rejection.ts";

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
    { argument: "retention", bad: noObjects },
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

      const reason = await rejectionOf(openWith({ store, [argument]: value }));

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

      const reason = await rejectionOf(openWith({ store, retry: { [name]: value } }));

      expectNamed(reason, { argument, shown, error });
      expect(requests).toEqual([]);
    },
  );

  test.each([missing, range("0", 0), ...noIntegers])(
    "refuses retention.keep that is $shown, and sends nothing",
    async (bad) => {
      const { store, requests } = recorded();

      const reason = await rejectionOf(openWith({ store, retention: { keep: bad.value } }));

      expectNamed(reason, { argument: "retention.keep", ...bad });
      expect(requests).toEqual([]);
    },
  );

  test.each([missing, ...noObjects])("refuses options that are $shown", async (bad) => {
    const reason = await rejectionOf(ObjectStoreBackend.open(bad.value as Anything));
    expectNamed(reason, { argument: "options", ...bad });
  });

  test.each(["create", "get", "list", "delete"])(
    "refuses a store that has no %s, by that name",
    async (operation) => {
      const { store, requests } = recorded();
      Object.defineProperty(store, operation, { value: undefined });

      const reason = await rejectionOf(openWith({ store }));

      expect(reason).toBeInstanceOf(TypeError);
      expect(messageOf(reason)).toMatch(new RegExp(`^store .*${operation}`));
      expect(requests).toEqual([]);
    },
  );

  const ms = 2 ** 31 - 1;
  const longest = { baseDelayMs: ms, maxDelayMs: ms, deadlineMs: ms, attemptTimeoutMs: ms };

  test.each<{ readonly what: string; readonly options: Partial<OpenOptions> }>([
    { what: "the lowest numbers", options: { vnodeCapacity: 1, concurrency: 1, retry: { attempts: 1 } } },
    { what: "the highest numbers", options: { vnodeCapacity: 65_536, concurrency: 1024 } },
    { what: "an instanceId of 200 characters", options: { instanceId: "x".repeat(200) } },
    { what: "an instanceId of other scripts", options: { instanceId: "nœud 1 / 節点 {🚀}" } },
    { what: "the longest times", options: { retry: longest } },
    { what: "the lowest number of seals to keep", options: { retention: { keep: 1 } } },
    { what: "delays of nothing", options: { retry: { baseDelayMs: 0, maxDelayMs: 0 } } },
    {
      what: "options that are there and undefined",
      options: {
        concurrency: undefined,
        retry: undefined,
        retention: undefined,
        onEvent: undefined,
        signal: undefined,
      },
    },
  ])("accepts $what", async ({ options: given }) => {
    const backend = await openWith({ store: new MapStore(), ...given });
    expect(backend).toMatchObject(given.instanceId === undefined ? {} : { instanceId: given.instanceId });
  });
});

function openWith(options: Readonly<Record<string, unknown>>): Promise<ObjectStoreBackend> {
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
