import { ObjectStoreBackend } from "../../src/index.ts";
import { MapStore } from "../support/map-store.ts";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

/** Bytes of two chunks, of which the first is the same each time. */
async function* twoChunks(last: string): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(65_536).fill(7);
  yield text(last);
}

/**
 * A namespace with everything that one can hold: epochs below the floor, of which one is pinned and one left objects that
 * later seals name, chunks, bytes in the seal, attachments, unchanged vnodes, a void, and an epoch under way.
 */
export async function fullNamespace(): Promise<MapStore> {
  const store = new MapStore();
  await using backend = await ObjectStoreBackend.open({
    store,
    instanceId: "leader",
    vnodeCapacity: 8,
    chunkBytes: 65_536,
  });
  // The takeovers anchor epochs 0 to 2, and make the first two void.
  for (const version of [1, 2, 3]) await backend.takeover({ version });
  const assignmentVersion = 3;
  const seal = async (
    epoch: number,
    vnodes: readonly number[],
    unchanged: readonly number[],
  ): Promise<void> => {
    const parts = await Promise.all(
      vnodes.map((vnode) =>
        backend.writePartial({
          epoch,
          vnode,
          assignmentVersion,
          bytes: vnode === 3 ? twoChunks(`epoch ${epoch}`) : text(`vnode ${vnode} of epoch ${epoch}`),
        }),
      ),
    );
    const offsets = await backend.writeAttachment({
      epoch,
      name: "offsets",
      assignmentVersion,
      bytes: text(`offsets of epoch ${epoch}`),
    });
    const inline = { vnode: 4, bytes: text(`small ${epoch}`) };
    await backend.epochComplete({ epoch, parts: [...parts, inline], unchanged, attachments: [offsets] });
  };
  await seal(2, [0, 1, 2, 3], []);
  await seal(3, [0], [1, 2, 3]);
  await backend.pin({ epoch: 3, name: "before-upgrade" });
  await seal(4, [1], [0, 2, 3]);
  await backend.prune({ before: 3 });
  await seal(5, [0, 1], [2, 3]);
  await backend.prune({ before: 5 });
  await backend.writePartial({ epoch: 6, vnode: 0, assignmentVersion, bytes: text("never sealed") });
  await backend.abort(6);
  await seal(7, [1, 3], [0, 2]);
  await seal(8, [0], [1, 2, 3]);
  return store;
}
