import { getActiveResourcesInfo } from "node:process";
import { expect, test } from "vitest";
import { closeQuietly } from "../src/platformatic/closing.ts";

function timers(): number {
  return getActiveResourcesInfo().filter((name) => name === "Timeout").length;
}

test("a client that cannot be closed hides no error", async () => {
  const closed = closeQuietly({ close: () => Promise.reject(new Error("of the close")) });
  await expect(closed).resolves.toBeUndefined();
});

test("a client that does not end is left", async () => {
  const closed = closeQuietly({ close: () => new Promise(() => undefined) }, 1);
  await expect(closed).resolves.toBeUndefined();
});

test("one that was closed leaves no timer behind", async () => {
  const before = timers();
  await closeQuietly({ close: () => Promise.resolve() });
  expect(timers()).toBe(before);
});
