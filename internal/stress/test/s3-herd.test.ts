import { s3FromEnvironment } from "@state/servers";
import { expect, onTestFinished, test } from "vitest";
import { herd } from "../src/herd.ts";
import { empty, openStore, placeOn } from "../src/place.ts";

const named = s3FromEnvironment();
const size = 60;

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

// `pnpm test:servers` names a MinIO; without one the test is skipped by name.
test.skipIf(named === undefined)(
  "60 processes that open one namespace of the service of STATE_TEST_S3 at once all succeed, and find one namespace object",
  { timeout: 600_000 },
  async () => {
    if (named === undefined) throw new Error("STATE_TEST_S3 names no service");
    const place = placeOn(named);
    onTestFinished(() => empty(place), 120_000);
    const opened = await herd(place, size);
    const requests = opened.map((each) => each.requests);
    process.stdout.write(
      `${size} opens at once: ${sum(requests)} requests, at most ${Math.max(...requests)} of one process, ` +
        `${sum(opened.map(({ repeated }) => repeated))} of them repeated; ` +
        `the slowest took ${Math.round(Math.max(...opened.map(({ ms }) => ms)))} ms\n`,
    );
    expect(opened).toHaveLength(size);
    expect(opened.filter(({ refused }) => refused !== undefined)).toEqual([]);
    const store = await openStore(place);
    const keys: string[] = [];
    for await (const { objects } of store.list("")) keys.push(...objects.map(({ key }) => key));
    await store.close?.();
    expect(keys).toEqual(["_control/namespace"]);
  },
);
