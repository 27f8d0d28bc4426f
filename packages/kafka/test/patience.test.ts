import { NetworkError } from "@platformatic/kafka";
import { expect, test } from "vitest";
import { patiently } from "../src/platformatic/patience.ts";

test("nothing is requested once the signal has fired, so that nothing fails unheard", async () => {
  let requests = 0;
  const request = async (): Promise<void> => {
    requests += 1;
  };
  const signal = AbortSignal.abort(new Error("not held any more"));

  await expect(patiently(request, signal)).rejects.toThrow("not held any more");
  expect(requests).toBe(0);
});

test("a request under way is left to itself when the signal fires", async () => {
  const end = new AbortController();
  const request = Promise.withResolvers<void>();
  const reading = patiently(() => request.promise, end.signal);
  end.abort(new Error("not held any more"));

  await expect(reading).rejects.toThrow("not held any more");
  request.reject(new NetworkError("Connection pool is closed."));
});

test("what no later request can mend is not tried again", async () => {
  let requests = 0;
  const request = async (): Promise<void> => {
    requests += 1;
    throw new Error("of a kind that stays");
  };

  await expect(patiently(request, new AbortController().signal)).rejects.toThrow("of a kind that stays");
  expect(requests).toBe(1);
});
