import { describe, expect, test } from "vitest";
import { type Actor, World } from "../src/conformance/backend-suite/world.ts";
import type { ObjectStoreBackend } from "../src/index.ts";
import {
  type Anything,
  type Bad,
  expectNamed,
  missing,
  noIntegers,
  noObjects,
  noSignals,
  range,
  type,
  withEachBadValue,
} from "./support/bad-values.ts";
import { MapStore } from "./support/map-store.ts";
import { rejectionOf } from "./support/rejection.ts";

interface Argument {
  readonly call: string;
  readonly argument: string;
  readonly bad: readonly Bad[];
  readonly send: (backend: ObjectStoreBackend, value: Anything) => Promise<unknown>;
}

const noPinNames = [
  type("5", 5),
  type("null", null),
  ...["", "a/b", "a.b", "a b", "é"].map((name) => range(JSON.stringify(name), name)),
  range('"xxx', "x".repeat(201)),
];
const name = "savepoint";

const calls: readonly {
  readonly call: string;
  readonly send: (backend: ObjectStoreBackend, options: Anything) => Promise<unknown>;
}[] = [
  { call: "pin", send: (backend, options) => backend.pin({ epoch: 5, name }, options) },
  { call: "unpin", send: (backend, options) => backend.unpin({ name }, options) },
  { call: "pins", send: (backend, options) => backend.pins(options) },
  { call: "openPin", send: (backend, options) => backend.openPin(name, options) },
];

const badArguments: readonly Argument[] = [
  {
    call: "pin",
    argument: "epoch",
    bad: [missing, ...noIntegers],
    send: (backend, value) => backend.pin({ epoch: value, name }),
  },
  {
    call: "pin",
    argument: "name",
    bad: [missing, ...noPinNames],
    send: (backend, value) => backend.pin({ epoch: 5, name: value }),
  },
  {
    call: "unpin",
    argument: "epoch",
    bad: noIntegers,
    send: (backend, value) => backend.unpin({ name, epoch: value }),
  },
  {
    call: "unpin",
    argument: "name",
    bad: [missing, ...noPinNames],
    send: (backend, value) => backend.unpin({ name: value }),
  },
  {
    call: "openPin",
    argument: "name",
    bad: [missing, ...noPinNames],
    send: (backend, value) => backend.openPin(value),
  },
  ...calls.flatMap(({ call, send }) => [
    { call, argument: "options", bad: noObjects, send },
    {
      call,
      argument: "signal",
      bad: noSignals,
      send: (backend: ObjectStoreBackend, value: Anything) => send(backend, { signal: value } as Anything),
    },
  ]),
];

describe("a bad argument of a pin is refused by name, and nothing is sent:", () => {
  test.each(badArguments.flatMap(withEachBadValue))(
    "$call refuses $argument that is $shown",
    async ({ argument, shown, value, error, send }) => {
      const { backend, store } = await new World(new MapStore()).open("A");
      const sent = store.requests.length;

      const reason = await rejectionOf(send(backend, value as Anything));

      expectNamed(reason, { argument, shown, error });
      expect(store.requests.slice(sent)).toEqual([]);
    },
  );
});

describe("pins", () => {
  test("shows who made each, also of one whose body is damaged, and whether its seal is there", async () => {
    const world = new World(new MapStore());
    const { backend } = await sealed(world);
    await backend.pin({ epoch: 5, name });
    await world.put("_control/pin=0000000000000003.dead", "no JSON");

    const pins = await backend.pins();

    expect(pins).toMatchObject([
      { epoch: 3, name: "dead", instanceId: "unknown", incarnation: "unknown", sealed: false },
      { epoch: 5, name, instanceId: "A", sealed: true },
    ]);
    expect(pins[0]).not.toHaveProperty("at");
    expect(typeof pins[1]?.at).toBe("number");
  });

  test("unpin tells a refusal from an unknown outcome, and may be asked again", async () => {
    const world = new World(new MapStore());
    const { backend, store } = await sealed(world);
    await backend.pin({ epoch: 5, name });
    const key = "_control/pin=0000000000000005.savepoint";
    store.refuse(`delete ${key}`, "Denied");
    await expect(backend.unpin({ name })).rejects.toMatchObject({ code: "StoreFailed", key });
    const late = store.delay(`delete ${key}`);
    await expect(backend.unpin({ name })).rejects.toMatchObject({ code: "OutcomeUnknown", key });

    await backend.unpin({ name });
    await late.land();

    expect(await backend.pins()).toEqual([]);
  });

  test("what does not match the grammar of a pin is somebody else's", async () => {
    const world = new World(new MapStore());
    const { backend } = await sealed(world);
    for (const key of ["pin=5.short", "pin=0000000000000005.a.b", "pin=0000000000000005"])
      await world.put(`_control/${key}`, "");
    expect(await backend.pins()).toEqual([]);
  });
});

async function sealed(world: World): Promise<Actor> {
  const actor = await world.lead("A", 1);
  await actor.seal(5, { 0: "five" });
  return actor;
}
