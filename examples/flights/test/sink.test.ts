import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { nameOf, originOf, Sink } from "../src/sink.ts";

const origin = { from: 0, to: 500, epoch: 3, version: 2, worker: 1 };
let folder: string;
let sink: Sink;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "flights-sink-"));
  sink = new Sink(folder);
  await sink.open();
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

test("a name tells the rows, the epoch and the attempt", () => {
  expect(nameOf(origin)).toBe("rows-00000000-00000500.epoch-3.version-2.worker-1.csv");
  expect(originOf(nameOf(origin))).toEqual(origin);
  expect(originOf("rows.csv")).toBeUndefined();
});

test("staged rows are seen by readers only once they are released", async () => {
  const name = await sink.stage(origin, "SEA-LAX,1,5,25,5,5\n");
  expect(await readdir(sink.released)).toEqual([]);

  await sink.release(name);

  expect(await readFile(join(sink.released, name), "utf8")).toBe("SEA-LAX,1,5,25,5,5\n");
  expect(await readdir(sink.staged)).toEqual([]);
});

test("a release that is done again, by this leader or the next, changes nothing", async () => {
  const name = await sink.stage(origin, "SEA-LAX,1,5,25,5,5\n");
  await sink.release(name);

  await sink.release(name);

  expect(await readdir(sink.released)).toEqual([name]);
});

test("to release rows that are neither staged nor released is an error: they are lost", async () => {
  await expect(sink.release(nameOf(origin))).rejects.toThrow("ENOENT");
});

test("what older attempts staged is discarded; what this and later ones staged stays", async () => {
  await sink.stage({ ...origin, version: 1 }, "");
  await sink.stage({ ...origin, version: 2 }, "");
  const third = await sink.stage({ ...origin, version: 3 }, "");
  const fourth = await sink.stage({ ...origin, version: 4 }, "");

  expect(await sink.discardBelow(3)).toBe(2);

  expect(await readdir(sink.staged)).toEqual([third, fourth]);
});
