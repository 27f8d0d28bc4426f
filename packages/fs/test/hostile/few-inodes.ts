// Leaves a disk the given number of inodes for a create that needs four: two directories, the file,
// and its second name.
import process from "node:process";
import { join } from "node:path";
import { FsStore } from "../../src/index.ts";
import { fillInodes, free, mountDisk, staged } from "./disk.ts";
import { keys, outcome, report } from "./report.ts";

const [, , disk = ""] = process.argv;
mountDisk(disk, "size=4m,nr_inodes=64");
const root = join(disk, "root");
const store = new FsStore({ root });
await store.create("kept", new Uint8Array(5));

for (const spare of [0, 1, 2, 3, 4]) {
  fillInodes(disk, spare);
  const short = await outcome(store.create(`${spare}/b/c`, new Uint8Array(9)));
  const listed = await keys(store, `${spare}/`);
  const left = staged(root);
  free(disk);
  const again = await outcome(store.create(`${spare}/b/c`, new Uint8Array(9)));
  report({ spare, short, listed, left, again, kept: (await store.get("kept"))?.length });
}
