import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ObjectStoreBackend } from "@state/core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { World } from "./world.ts";

let world: World;
let epoch: number;

beforeEach(async () => {
  world = await World.begin();
  epoch = await world.seal(1, [0, 1, 2, 3]);
});

afterEach(() => rm(world.directory, { recursive: true }));

async function keysOf(): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const { objects } of world.store.list("")) keys.push(...objects.map(({ key }) => key));
  return keys;
}

describe("nothing is changed unless somebody says so:", () => {
  const calls: readonly (readonly [name: string, ...rest: string[]])[] = [
    ["pin", "0", "name"],
    ["prune", "--before", "100"],
    // Nothing would be deleted; a floor may be published all the same.
    ["prune", "--before", "0"],
    ["abort", "77"],
    ["takeover"],
    ["recover", "--vnodes", "4"],
  ];

  test.each(calls)("%s", async (name, ...rest) => {
    await world.seal(2, [0, 1, 2, 3]);
    await world.store.create("epoch=77/vnode=0/partial.bin", new Uint8Array(1));
    const before = await keysOf();
    const args = [name, world.url, ...rest];
    const unasked = await world.state(args);
    expect([unasked.code, unasked.errors]).toEqual([2, expect.stringContaining("nobody can be asked")]);
    const wrong = await world.state(args, { types: "yes" });
    expect([wrong.code, wrong.errors]).toEqual([2, expect.stringContaining("nothing was done")]);
    expect(await keysOf()).toEqual(before);
  });
});

test("`pin`, `pins` and `unpin`: who types the name has it done", async () => {
  const pinned = await world.state(["pin", world.url, String(epoch), "release-1"], { types: "release-1" });
  expect([pinned.code, pinned.text]).toEqual([0, `epoch ${epoch} is pinned as release-1\n`]);
  const { values } = await world.json(["pins", world.url]);
  expect(values).toMatchObject([{ epoch, name: "release-1", instanceId: "operator", sealed: true }]);
  expect((await world.state(["show", world.url, "pin:release-1"])).text).toContain(
    `epoch ${epoch} is sealed`,
  );
  const gone = await world.state(["unpin", world.url, "release-1", "--yes"]);
  expect([gone.code, gone.text]).toEqual([0, `release-1 no longer pins epoch ${epoch}\n`]);
  expect((await world.state(["unpin", world.url, "release-1", "--yes"])).code).toBe(2);
});

describe("`prune`", () => {
  test("shows the plan, deletes what it said, and keeps what was asked for", async () => {
    const second = await world.seal(2, [0], [1, 2, 3]);
    const third = await world.seal(3, [0], [1, 2, 3]);
    const before = await keysOf();
    const plan = await world.json(["prune", world.url, "--keep", "2", "--dry-run"]);
    expect(await keysOf()).toEqual(before);
    const done = await world.json(["prune", world.url, "--keep", "2", "--yes"]);
    expect(done.values).toEqual([{ ...plan.values[0], dryRun: false }]);
    expect(done.values).toMatchObject([{ floor: second, failedCount: 0 }]);
    const { values } = await world.json(["ls", world.url]);
    expect(values.filter(({ state }) => state === "sealed").map((each) => each["epoch"])).toEqual([
      second,
      third,
    ]);
    expect((await world.state(["verify", world.url, "--deep"])).code).toBe(0);
  });

  test("goes by age too: the newest epoch stays however old it is", async () => {
    const second = await world.seal(2, [0], [1, 2, 3]);
    const young = await world.json(["prune", world.url, "--older-than", "1d", "--yes"]);
    expect(young.values).toMatchObject([{ objects: 0, floor: 0 }]);
    await new Promise((resolve) => setTimeout(resolve, 2));
    const old = await world.json(["prune", world.url, "--older-than", "0s", "--yes"]);
    expect(old.values).toMatchObject([{ floor: second }]);
  });

  test.each([["--keep", "0"], ["--older-than", "7"], ["--keep", "1", "--before", "2"], []])(
    "does not guess: %s %s",
    async (...options) => {
      expect((await world.state(["prune", world.url, ...options])).code).toBe(2);
    },
  );
});

test("`abort` makes an epoch void, and says so of one that is sealed", async () => {
  expect(await world.state(["abort", world.url, String(epoch), "--yes"])).toMatchObject({
    code: 5,
    errors: expect.stringContaining("node-1 sealed it"),
  });
  const { code, text } = await world.state(["abort", world.url, String(epoch + 1), "--yes"]);
  expect([code, text]).toEqual([0, `epoch ${epoch + 1} is void\n`]);
});

test("`takeover` shuts out the leader, and says where the job goes on", async () => {
  await using leader = await ObjectStoreBackend.open({
    store: world.store,
    instanceId: "leader",
    vnodeCapacity: 4,
  });
  const { nextEpoch } = await leader.takeover({ version: 7 });
  const { values } = await world.json(["takeover", world.url, "--yes"]);
  expect(values).toMatchObject([{ version: 8, base: epoch }]);
  const parts = [{ vnode: 0, bytes: new Uint8Array(1) }];
  await expect(leader.epochComplete({ epoch: nextEpoch, parts, dropped: [1, 2, 3] })).rejects.toMatchObject({
    sealed: "no",
  });
  expect((await world.state(["takeover", world.url, "--version", "8", "--yes"])).code).toBe(5);
});

test("`recover` goes past a seal that cannot be read, and leaves alone one that can", async () => {
  const second = await world.seal(2, [0], [1, 2, 3]);
  await writeFile(join(world.directory, `epoch=${second}/_COMMIT`), "");
  expect((await world.state(["recover", world.url, "--give-up", String(epoch), "--yes"])).code).toBe(5);
  const given = await world.json(["recover", world.url, "--give-up", String(second), "--yes"]);
  expect([given.code, given.values]).toMatchObject([0, [{ epoch: second, sealed: "unknown" }]]);
  expect((await world.state(["show", world.url, "latest"])).text).toContain(`epoch ${epoch} is sealed`);
});

test("`recover` writes the namespace anew that somebody deleted", async () => {
  await rm(join(world.directory, "_control/namespace"));
  expect((await world.state(["ls", world.url])).code).toBe(1);
  expect((await world.state(["verify", world.url])).text).toContain("damage: namespace-missing");
  const { code, text } = await world.state(["recover", world.url, "--vnodes", "4"], { types: "4" });
  expect([code, text]).toEqual([0, `the namespace has 4 vnodes; the newest sealed epoch is ${epoch}\n`]);
  expect((await world.state(["verify", world.url])).code).toBe(0);
});

describe("`copy`", () => {
  let other: World;
  beforeEach(async () => {
    other = await World.begin();
  });
  afterEach(() => rm(other.directory, { recursive: true }));

  test("copies everything, which `verify --against` then finds to be the same", async () => {
    const second = await world.seal(2, [0], [1, 2, 3]);
    const { code, values } = await world.json(["copy", world.url, other.url, "--yes"]);
    expect([code, values]).toMatchObject([0, [{ epochs: [epoch, second], objects: 5, found: 0 }]]);
    const verified = await world.state(["verify", other.url, "--deep", "--against", world.url]);
    expect(verified).toMatchObject({ code: 0, text: expect.stringContaining("2 sealed epochs") });
    const third = await world.seal(3, [0], [1, 2, 3]);
    const late = await world.json(["verify", other.url, "--against", world.url]);
    expect([late.code, late.values[0]]).toMatchObject([1, { kind: "copy-missing", epoch: third }]);
  });

  test("copies the newest epoch alone, if somebody types so", async () => {
    const second = await world.seal(2, [0], [1, 2, 3]);
    const args = ["copy", world.url, other.url, "--epoch", "latest"];
    expect((await world.state(args)).code).toBe(2);
    const { code, text } = await world.state(args, { types: "copy" });
    expect([code, text]).toEqual([0, `1 epoch copied, ${second} to ${second}: 4 objects, 48 B\n`]);
    expect((await world.state(["verify", other.url, "--deep"])).code).toBe(0);
  });
});
