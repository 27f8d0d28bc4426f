import { expect, test, vi } from "vitest";
import { OnDemand } from "../../src/adapter/index.ts";

test("is made at its first use, once for all who wait", async () => {
  const made = Promise.withResolvers<number>();
  const make = vi.fn(() => made.promise);
  const onDemand = new OnDemand(make);
  expect([onDemand.made, onDemand.making, make.mock.calls]).toEqual([undefined, undefined, []]);
  const getting = [onDemand.get(), onDemand.get()];
  expect(onDemand.made).toBeUndefined();
  made.resolve(7);
  await expect(Promise.all(getting)).resolves.toEqual([7, 7]);
  await expect(onDemand.get()).resolves.toBe(7);
  expect(onDemand.made).toBe(7);
  await expect(onDemand.making).resolves.toBe(7);
  expect(make).toHaveBeenCalledOnce();
});

test("that could not be made is made by whoever asks later", async () => {
  const make = vi.fn(async () => 7).mockRejectedValueOnce(new Error("no module"));
  const onDemand = new OnDemand(make);
  const results = await Promise.allSettled([onDemand.get(), onDemand.get()]);
  expect(results.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  await expect(onDemand.get()).resolves.toBe(7);
  expect(make).toHaveBeenCalledTimes(2);
});

test("is not waited for by whoever aborts, and goes on for the others", async () => {
  const made = Promise.withResolvers<number>();
  const onDemand = new OnDemand(() => made.promise);
  const controller = new AbortController();
  const aborted = onDemand.get(controller.signal);
  const other = onDemand.get();
  controller.abort("enough");
  await expect(aborted).rejects.toBe("enough");
  made.resolve(7);
  await expect(other).resolves.toBe(7);
});
