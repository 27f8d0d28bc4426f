import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { FsStore } from "../src/index.ts";
import { keysOf, scratch, tree } from "./support/scratch.ts";

const racer = new URL("./support/racer.ts", import.meta.url).pathname;

test("of four processes that race to create each of 100 keys, one wins each, and its bytes stay", async () => {
  const root = await scratch();
  const racers = ["a", "b", "c", "d"].map((name) => spawn(process.execPath, [racer, root, name]));
  const ready = racers.map(({ stderr }) => once(stderr, "data"));
  const outputs = racers.map(({ stdout }) => text(stdout));
  await Promise.all(ready);
  for (const { stdin } of racers) stdin.end("go");

  const wins = (await Promise.all(outputs)).flatMap((output) =>
    output.split("\n").filter((line) => line !== ""),
  );
  const winners = new Map(wins.map((line) => line.split(" ") as [key: string, name: string]));
  expect(wins).toHaveLength(100);
  expect(winners.size).toBe(100);
  const store = new FsStore({ root });
  const bodies = await Promise.all(
    [...winners].map(async ([key]) => new TextDecoder().decode(await store.get(key))),
  );
  expect(bodies).toEqual([...winners].map(([key, name]) => `${key} by ${name}`));
  expect(await keysOf(store.list(""))).toEqual(
    [...winners.keys()].toSorted((left, right) => (left < right ? -1 : 1)),
  );
  expect((await tree(root)).filter((name) => name.includes(".staging-"))).toEqual([]);
});
