import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { backendConformance, storeConformance } from "@state/core/conformance";
import { afterAll, describe, test } from "vitest";
import { FsStore } from "../src/index.ts";

const scratch = await mkdtemp(join(tmpdir(), "state-fs-conformance-"));
const roots = new Map<object, string>();
afterAll(() => rm(scratch, { recursive: true }));

storeConformance(
  { describe, test },
  {
    name: "FsStore",
    wholeListings: true,
    open: async () => at(join(scratch, crypto.randomUUID())),
    reopen: async (store) => at(roots.get(store) ?? ""),
    close: async (store) => store.close?.(),
  },
);

backendConformance(
  { describe, test },
  {
    name: "FsStore",
    open: async () => at(join(scratch, crypto.randomUUID())),
    close: async (store) => store.close?.(),
  },
);

function at(root: string): FsStore {
  const store = new FsStore({ root });
  roots.set(store, root);
  return store;
}
