import { rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { World } from "./world.ts";

/** Epochs of versions 1 to 3: all vnodes, then two of them, then one. */
let world: World;
let epochs: readonly number[];

beforeAll(async () => {
  world = await World.begin();
  epochs = [
    await world.seal(1, [0, 1, 2, 3]),
    await world.seal(2, [0, 1], [2, 3]),
    await world.seal(3, [0], [1, 2, 3]),
  ];
});

afterAll(() => rm(world.directory, { recursive: true }));

test("`ls` shows each epoch, what it wrote itself, and who leads", async () => {
  const [first, second, third] = epochs;
  const { code, values } = await world.json(["ls", world.url]);
  expect(code).toBe(0);
  expect(values[0]).toEqual({ type: "control", fence: 3, floor: 0, vnodeCapacity: 4, pins: [] });
  expect(values.filter(({ state }) => state === "sealed")).toMatchObject([
    { epoch: first, committer: "node-1", assignmentVersion: 1, vnodes: 4, bytes: 48, ownBytes: 48 },
    { epoch: second, committer: "node-2", assignmentVersion: 2, vnodes: 4, bytes: 48, ownBytes: 24 },
    { epoch: third, committer: "node-3", assignmentVersion: 3, vnodes: 4, bytes: 48, ownBytes: 12 },
  ]);
  const { text } = await world.state(["ls", world.url]);
  expect(text).toMatch(/EPOCH {2}STATE {3}SEALED AT/);
  expect(text).toContain("version 3 leads; epochs below 0 are pruned; 4 vnodes");
  const newest = await world.json(["ls", world.url, "--limit", "1"]);
  expect(newest.values).toHaveLength(2);
});

test("`show` says of each vnode where it is from, also of the newest epoch by its name", async () => {
  const [first, second, third] = epochs;
  const { code, text } = await world.state(["show", world.url, "latest"]);
  expect(code).toBe(0);
  expect(text).toContain(`epoch ${third} is sealed`);
  expect(text).toContain(`48 B in all, of which 12 B are its own on top of epoch ${second}`);
  for (const [vnode, from] of [third, second, first, first].entries())
    expect(text).toMatch(
      new RegExp(`vnode ${vnode} .* ${from} +- +epoch=${from}/vnode=${vnode}/partial.bin`),
    );
  const { values } = await world.json(["show", world.url, String(second)]);
  expect(values).toMatchObject([{ epoch: second, state: "sealed", missing: [] }]);
});

test("`diff` shows the vnodes that differ, in both directions", async () => {
  const [first, , third] = epochs.map(String);
  const forth = await world.json(["diff", world.url, first ?? "", third ?? ""]);
  expect(forth.values[0]?.["changes"]).toMatchObject([
    { vnode: 0, change: "changed", before: 12, after: 12, newBytes: 12 },
    { vnode: 1, change: "changed" },
  ]);
  const { text } = await world.state(["diff", world.url, third ?? "", "latest"]);
  expect(text).toContain("0 vnodes differ");
});

test("`leaders` shows who claimed which version", async () => {
  const { values } = await world.json(["leaders", world.url]);
  expect(values).toMatchObject([
    { version: 3, instanceId: "node-3", leads: true },
    { version: 2, instanceId: "node-2", leads: false },
    { version: 1, instanceId: "node-1", leads: false },
  ]);
});

test("`watch` begins with the newest epoch, and sees what is sealed while it runs", async () => {
  const own = await World.begin();
  const begun = await own.seal(1, [0, 1, 2, 3]);
  const watching = own.json(["watch", own.url, "--count", "2", "--interval", "1"]);
  const next = await own.seal(2, [0], [1, 2, 3]);
  expect((await watching).values).toMatchObject([{ epoch: begun }, { epoch: next, committer: "node-2" }]);
  await rm(own.directory, { recursive: true });
});

describe("`verify`", () => {
  test("finds a sound store sound", async () => {
    const { code, text } = await world.state(["verify", world.url, "--deep"]);
    expect(text).toMatch(/^3 sealed epochs, \d+ objects, .*\nsound; 0 notices\n$/);
    expect(code).toBe(0);
  });

  test("names what is wrong, what that means, and what to do, and exits with 1", async () => {
    const own = await World.begin();
    const epoch = await own.seal(1, [0, 1, 2, 3]);
    const file = (name: string): string => join(own.directory, `epoch=${epoch}/${name}`);
    await rm(file("vnode=0/partial.bin"));
    await truncate(file("vnode=1/partial.bin"), 3);
    await writeFile(file("vnode=2/partial.bin"), "another one!");
    const { code, text } = await own.state(["verify", own.url, "--deep"]);
    expect(code).toBe(1);
    expect(text).toContain(
      `damage: object-missing\n  epoch=${epoch}/vnode=0/partial.bin is gone: vnode 0 of epoch ${epoch} cannot be restored\n  Put it back`,
    );
    expect(text).toContain("damage: object-size");
    expect(text).toContain("damage: object-bytes");
    expect(text).toMatch(/3 findings of damage, 0 warnings; 0 notices\n$/);
    const shallow = await own.json(["verify", own.url]);
    expect(shallow.values.at(-1)).toMatchObject({ type: "end", sound: false, damage: 2, deep: false });
    await rm(own.directory, { recursive: true });
  });

  test("shows on a terminal how far it has come, and wipes that away", async () => {
    const { errors, raw } = await world.state(["verify", world.url], { isTerminal: true });
    expect(errors).toMatch(/epoch \d+: \d sealed epoch/);
    expect(errors).toMatch(/\r +\r$/);
    expect(raw).toContain("\u001B[32msound");
  });
});

test("an epoch that cannot be read is shown as such, and is a finding", async () => {
  const own = await World.begin();
  const epoch = await own.seal(1, [0, 1, 2, 3]);
  await writeFile(join(own.directory, `epoch=${epoch}/_COMMIT`), "<html>");
  const { code, text } = await own.state(["ls", own.url]);
  expect(code).toBe(1);
  expect(text).toContain("unreadable");
  expect((await own.state(["show", own.url, String(epoch)])).code).toBe(1);
  await rm(own.directory, { recursive: true });
});
