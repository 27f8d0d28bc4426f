import { expect, test } from "vitest";
import { Lanes } from "../src/lanes.ts";

test("what waits in the fast lane starts before what waits in the slow one, each in the order in which it came", async () => {
  const lanes = new Lanes(2);
  const started: string[] = [];
  const gate = Promise.withResolvers<void>();
  const work = (name: string) => (): Promise<void> => {
    started.push(name);
    return gate.promise;
  };
  const all = [
    lanes.slow(work("slow 1")),
    lanes.slow(work("slow 2")),
    lanes.slow(work("slow 3")),
    lanes.fast(work("fast 1")),
    lanes.slow(work("slow 4")),
    lanes.fast(work("fast 2")),
  ];
  expect(started).toEqual(["slow 1", "slow 2"]);
  gate.resolve();
  await Promise.all(all);
  expect(started).toEqual(["slow 1", "slow 2", "fast 1", "fast 2", "slow 3", "slow 4"]);
});

test("work that fails gives its place to the next", async () => {
  const lanes = new Lanes(1);
  const failing = lanes.slow(() => Promise.reject(new Error("it failed")));
  const next = lanes.slow(() => Promise.resolve("done"));
  await expect(failing).rejects.toThrow("it failed");
  expect(await next).toBe("done");
});
