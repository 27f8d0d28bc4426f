import { expect, test } from "vitest";
import { parseOptions } from "../src/options.ts";
import { UsageError } from "../src/usage-error.ts";

test("nothing given is all flights, with chaos, in temporary folders", () => {
  expect(parseOptions([])).toEqual({
    records: 3_000_000,
    barrier: 15_000,
    workers: 2,
    kills: 12,
    seed: 1,
    patience: 600,
    store: undefined,
    out: undefined,
    keep: false,
  });
});

test("everything can be given, also behind a `--`", () => {
  const args =
    "-- --records 60000 --barrier 500 --workers 3 --kills 6 --seed 7 --patience 900 --store fs:a --out b --keep";

  expect(parseOptions(args.split(" "))).toEqual({
    records: 60_000,
    barrier: 500,
    workers: 3,
    kills: 6,
    seed: 7,
    patience: 900,
    store: "fs:a",
    out: "b",
    keep: true,
  });
});

test.each(["s3://b/p?endpoint=http://127.0.0.1:9000&region=eu-1", "gs://b/p/q", "azure://a/c/p"])(
  "%s is a store",
  (store) => {
    expect(parseOptions(["--store", store])).toMatchObject({ store });
  },
);

test("help wins over everything else", () => {
  expect(parseOptions(["--help", "--seed", "x"])).toBe("help");
});

test.each([
  ["--bogus", "--bogus"],
  ["--seed x", "--seed x: expected a whole number from 0 to 4294967295"],
  ["--seed 4294967296", "--seed 4294967296"],
  ["--records 0", "--records 0"],
  ["--records 3000001", "--records 3000001"],
  ["--records 1e6", "--records 1e6"],
  ["--barrier 0", "--barrier 0"],
  ["--workers 0", "--workers 0"],
  ["--workers 17", "--workers 17"],
  ["--kills 5", "--kills 5: there are 6 points"],
  ["--records 1000", "12 kills need 48"],
  ["--store s3:bucket", "expected fs:DIR"],
  ["--store s3://bucket", "expected fs:DIR"],
  ["--store gs://bucket/", "expected fs:DIR"],
  ["--store azure://account/container/?endpoint=x", "expected fs:DIR"],
  ["--store azure://container/prefix", "expected fs:DIR"],
  ["--store http://host/path", "expected fs:DIR"],
  ["--store fs:", "expected fs:DIR"],
  ["extra", "extra"],
])("%s is refused by name", (args, message) => {
  expect(() => parseOptions(args.split(" "))).toThrow(UsageError);
  expect(() => parseOptions(args.split(" "))).toThrow(message);
});
