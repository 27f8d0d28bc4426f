import { UsageError } from "flights/usage-error";
import { expect, test } from "vitest";
import { parseOptions } from "../src/options.ts";

test("without arguments there are 20 strikes, on a broker of its own", () => {
  expect(parseOptions([])).toMatchObject({ strikes: 20, seed: 1, workers: 2, brokers: undefined });
});

test("brokers are separated by commas", () => {
  expect(parseOptions(["--", "--brokers", "a:9092,b:9092"])).toMatchObject({ brokers: ["a:9092", "b:9092"] });
});

test.each([
  [["--strikes", "x"], "--strikes x: expected a whole number from 0 to 1000"],
  [["--workers", "1"], "--workers 1: expected a whole number from 2 to 8"],
  [["--brokers", "a"], "--brokers a: expected HOST:PORT"],
  [["--store", "a"], "--store a: expected fs:DIR, s3://BUCKET/PREFIX or another cloud's"],
  [["--strike", "1"], "Unknown option '--strike'"],
])("%o is refused", (args, message) => {
  expect(() => parseOptions(args)).toThrow(UsageError);
  expect(() => parseOptions(args)).toThrow(message);
});
