import { beforeAll, describe, expect, test } from "vitest";
import { differences } from "../src/comparison.ts";
import type { Records } from "../src/drift.ts";
import { gcsDrift } from "../src/gcs-drift.ts";
import { s3Drift } from "../src/s3-drift.ts";

describe.each([s3Drift, gcsDrift])(
  "$name say the same",
  ({ sayings, reading, deviations, isNamed, record }) => {
    if (!isNamed()) {
      test.skip("when there is a server: `pnpm test:servers` starts one", () => undefined);
      return;
    }
    let records: Records;

    test("but for deviations, each of something that is said", () => {
      const titles = sayings.map(({ title }) => title);
      expect(new Set(titles).size).toBe(titles.length);
      expect(titles).toEqual(expect.arrayContaining(Object.keys(deviations)));
    });

    beforeAll(async () => {
      records = await record();
    }, 120_000);

    test.each(sayings)("$title", ({ title, requests = 1 }) => {
      const { double, server, root } = records;
      const found = differences(double.get(title) ?? [], server.get(title) ?? [], root, reading);
      expect(double.get(title)).toHaveLength(requests);
      expect(found).toEqual(deviations[title]?.differences ?? []);
    });
  },
);
