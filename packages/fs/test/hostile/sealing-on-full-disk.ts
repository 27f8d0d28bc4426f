// Seals and prunes on a disk that is full, and once there is room again.
import process from "node:process";
import { join } from "node:path";
import { ObjectStoreBackend } from "@state/core";
import { FsStore } from "../../src/index.ts";
import { fill, free, mountDisk, staged } from "./disk.ts";
import { keys, outcome, report } from "./report.ts";

const [, , disk = ""] = process.argv;
mountDisk(disk, "size=512k");
const root = join(disk, "root");
const retry = { attempts: 2, baseDelayMs: 0 };
const options = { instanceId: "one", vnodeCapacity: 2, retry };
const store = new FsStore({ root });
const backend = await ObjectStoreBackend.open({ store, ...options });
await backend.takeover({ version: 1 });

const write = (epoch: number): Promise<unknown> =>
  backend.writePartial({ epoch, vnode: 0, assignmentVersion: 1, bytes: new Uint8Array(5000).fill(epoch) });
const complete = async (epoch: number): Promise<unknown> =>
  (await backend.epochComplete({ epoch, parts: [0] })).complete;
const written = async (epoch: number): Promise<string> => {
  const handle = await new Promise<ObjectStoreBackend>((resolve, reject) => {
    ObjectStoreBackend.open({ store: new FsStore({ root }), ...options, readOnly: true }).then(
      resolve,
      reject,
    );
  });
  const body = await handle.readPartial({ vnode: 0, epoch });
  return `${body?.length} of ${body?.[0]}`;
};

await write(1);
const first = await complete(1);
await write(2);
fill(disk);
const full = {
  complete: await outcome(complete(2)),
  again: await outcome(complete(2)),
  latest: await backend.latestCommittedEpoch(),
  state: (await backend.describeEpoch(2)).state,
  write: await outcome(write(3)),
  // The namespace is known: that its probe finds no room is no reason not to open.
  open: await outcome(
    ObjectStoreBackend.open({ store: new FsStore({ root }), ...options }).then(() => "open"),
  ),
  read: await written(1),
};
free(disk);
const roomy = { complete: await outcome(complete(2)), latest: await backend.latestCommittedEpoch() };

fill(disk);
const before = await keys(store);
const prune = await outcome(backend.pruneBefore(2));
const unchanged = JSON.stringify(await keys(store)) === JSON.stringify(before);
fill(disk, 1);
// Room for the floor is all that a prune needs.
const pruned = { floor: (await backend.pruneBefore(2)).floor, keys: await keys(store, "epoch=1/") };
free(disk);
await write(3);
report({
  first,
  full,
  roomy,
  prune,
  unchanged,
  pruned,
  next: await complete(3),
  read: [await written(2), await written(3)],
  staged: staged(root),
});
