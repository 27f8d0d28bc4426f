import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import type { StreamRun } from "../src/stream-run.ts";

test("1 GiB is streamed into a store and back with a peak below 200 MiB, Node itself included", async () => {
  const args = [
    "--conditions=@state/source",
    join(import.meta.dirname, "../src/stream.ts"),
    "--rows=generated",
    "--mebibytes=1024",
    "--json",
  ];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env: {} });
  const [row] = JSON.parse(stdout) as { readonly store: StreamRun }[];
  expect(row?.store.peakMebibytes).toBeGreaterThan(50);
  expect(row?.store.peakMebibytes).toBeLessThan(200);
}, 120_000);
