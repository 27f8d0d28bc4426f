// Mounts the disk beneath a store and a backend read-only, and writable again.
import process from "node:process";
import { join } from "node:path";
import { ObjectStoreBackend } from "@state/core";
import { FsStore } from "../../src/index.ts";
import { mountDisk, remount, staged } from "./disk.ts";
import { deleteOutcome, keys, outcome, report } from "./report.ts";

const [, , disk = ""] = process.argv;
mountDisk(disk, "size=4m");
const root = join(disk, "root");
const options = { instanceId: "one", vnodeCapacity: 1, retry: { attempts: 2, baseDelayMs: 0 } };
const store = new FsStore({ root });
const backend = await ObjectStoreBackend.open({ store, ...options });
await backend.writePartial({ epoch: 1, vnode: 0, assignmentVersion: 0, bytes: new Uint8Array(5) });
const complete = async (): Promise<unknown> =>
  (await backend.epochComplete({ epoch: 1, parts: [0] })).complete;
await store.create("other/a", new Uint8Array(4));

remount(disk, "ro");
const readOnly = {
  create: await outcome(store.create("other/b", new Uint8Array(4))),
  newFolder: await outcome(store.create("new/b", new Uint8Array(4))),
  newStore: await outcome(new FsStore({ root }).create("other/b", new Uint8Array(4))),
  newRoot: await outcome(new FsStore({ root: join(disk, "new") }).create("b", new Uint8Array(4))),
  get: await outcome(store.get("other/a").then((body) => body?.length)),
  keys: await keys(store, "other/"),
  delete: await deleteOutcome(store, "other/a"),
  complete: await outcome(complete()),
  latest: await outcome(backend.latestCommittedEpoch().then((epoch) => epoch ?? "none")),
  reader: await outcome(
    ObjectStoreBackend.open({ store: new FsStore({ root }), ...options, readOnly: true }).then(
      async (reader) => (await reader.describeEpoch(1)).state,
    ),
  ),
};
remount(disk, "rw");
report({
  readOnly,
  writable: {
    create: await outcome(store.create("other/b", new Uint8Array(4))),
    delete: await deleteOutcome(store, "other/a"),
    keys: await keys(store, "other/"),
    complete: await outcome(complete()),
    latest: await backend.latestCommittedEpoch(),
    staged: staged(root),
  },
});
