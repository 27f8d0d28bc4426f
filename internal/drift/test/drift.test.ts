import { beforeAll, describe, expect, test } from "vitest";
import { differences } from "../src/comparison.ts";
import { gcsDrift } from "../src/gcs-drift.ts";
import type { Recordings } from "../src/recording.ts";
import { s3Drift } from "../src/s3-drift.ts";

describe.each([s3Drift, gcsDrift])(
  "$name respond alike",
  ({ probes, rules, deviations, hasServer, record }) => {
    if (!hasServer()) {
      test.skip("when there is a server: `pnpm test:servers` starts one", () => undefined);
      return;
    }
    let recordings: Recordings;

    test("but for deviations, each of a probe that is there", () => {
      const titles = probes.map(({ title }) => title);
      expect(new Set(titles).size).toBe(titles.length);
      expect(titles).toEqual(expect.arrayContaining(Object.keys(deviations)));
    });

    beforeAll(async () => {
      recordings = await record();
    }, 120_000);

    test.each(probes)("$title", ({ title, requests = 1 }) => {
      const { double, server, root } = recordings;
      const found = differences(double.get(title) ?? [], server.get(title) ?? [], root, rules);
      expect(double.get(title)).toHaveLength(requests);
      expect(found).toEqual(deviations[title]?.differences ?? []);
    });
  },
);
