import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { OutputContext, SealedOutputs } from "@state/kafka";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FilesOutput, readFiles } from "../src/files-output.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "files-output-"));
});
afterEach(async () => {
  await rm(root, { recursive: true });
});

const { signal } = new AbortController();

function context(base: SealedOutputs | undefined): OutputContext {
  return { partition: { topic: "flights", partition: 3 }, groupId: "delays", base, signal };
}

function outputs(epoch: number, ...values: readonly string[]): SealedOutputs {
  const records = values.map((value) => ({ topic: "airports", value: Buffer.from(value) }));
  return { epoch, incarnation: "one", next: 0n, records };
}

test("an epoch is a file of lines; files are read in the order of the epochs", async () => {
  const output = await new FilesOutput({ root }).open(context(undefined));
  await output.release(outputs(9, "a", "b"), { signal });
  await output.release(outputs(10, "c"), { signal });
  await output.release(outputs(11), { signal });

  expect(await readdir(join(root, "p=3"))).toEqual(["00000009.ndjson", "00000010.ndjson"]);
  expect(await readFiles(root, 3)).toEqual(["a", "b", "c"]);
});

test("an epoch that is released again, also by a successor that opens with it, is there once", async () => {
  const first = await new FilesOutput({ root }).open(context(undefined));
  await first.release(outputs(1, "a"), { signal });
  await new FilesOutput({ root }).open(context(outputs(1, "a")));
  await first.release(outputs(1, "a"), { signal });

  expect(await readFiles(root, 3)).toEqual(["a"]);
});

test("a file that was never renamed is no output, and the successor writes it", async () => {
  const dies = new FilesOutput({
    root,
    beforeRename: () => {
      throw new Error("killed");
    },
  });
  const first = await dies.open(context(undefined));
  await expect(first.release(outputs(1, "a"), { signal })).rejects.toThrow("killed");
  expect(await readFiles(root, 3)).toEqual([]);

  await new FilesOutput({ root }).open(context(outputs(1, "a")));
  expect(await readFiles(root, 3)).toEqual(["a"]);
});
