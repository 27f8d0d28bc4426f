// Fills a small disk beneath a store, and makes room again.
import process from "node:process";
import { join } from "node:path";
import { FsStore } from "../../src/index.ts";
import { fill, free, mountDisk, staged } from "./disk.ts";
import { deleteOutcome, keys, outcome, report } from "./report.ts";

const [, , disk = ""] = process.argv;
mountDisk(disk, "size=256k");
const root = join(disk, "root");
const store = new FsStore({ root });
const page = new Uint8Array(4096).fill(7);

await store.create("a/kept", page);
await store.create("a/other", page);
const tooLarge = await outcome(store.create("a/large", new Uint8Array(300_000)));
const afterTooLarge = { keys: await keys(store), staged: staged(root) };

fill(disk);
const full = {
  create: await outcome(store.create("a/new", page)),
  again: await outcome(store.create("a/kept", page)),
  // A directory of this file system takes no room, an empty file neither.
  empty: await outcome(store.create("b/empty", new Uint8Array())),
  get: await outcome(store.get("a/kept").then((body) => body?.length)),
  keys: await keys(store),
  staged: staged(root),
  delete: await deleteOutcome(store, "a/other"),
};
const afterDelete = await outcome(store.create("a/new", page));
free(disk);
const afterFree = {
  create: await outcome(store.create("a/large", new Uint8Array(100_000))),
  lengths: await Promise.all(
    (await keys(store)).map(async (key) => `${key} ${(await store.get(key))?.length}`),
  ),
  staged: staged(root),
};
report({ tooLarge, afterTooLarge, full, afterDelete, afterFree });
