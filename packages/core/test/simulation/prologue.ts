import type { Job } from "./actors.ts";
import { sha256 } from "./repeatable-globals.ts";
import type { Surroundings } from "./surroundings.ts";

/** In most schedules there is a past: a leader that sealed some epochs, the later ones by reference, and is gone. */
export function prologue(world: Surroundings, job: Job): void {
  const { random } = job;
  const { vnodeCapacity, sealBytes, partialBytes } = world.scale;
  const isLarge = sealBytes > 0;
  const sealed = isLarge ? 3 + random.below(3) : random.below(4);
  if (sealed === 0) return;
  const put = (key: string, value: unknown, bytes = 0): void => {
    const text = (typeof value === "string" ? value : JSON.stringify(value)).padEnd(bytes);
    world.server.create(key, new TextEncoder().encode(text), { sentAt: 0 });
  };
  put("_control/namespace", { format: 1, vnodeCapacity });
  const past = { instanceId: "A", incarnation: "past" };
  put("_control/fence=0000000000000001", { format: 1, version: 1, ...past });
  job.version = 1;
  let partials: { vnode: number; key: string; size: number; sha256: string }[] = [];
  for (let epoch = 0; epoch < sealed; epoch++) {
    partials = job.vnodes.map((vnode, index) => {
      const before = partials[index];
      if (before !== undefined && random.chance(0.5)) return before;
      const text = `past ${epoch}/${vnode}`.padEnd(partialBytes);
      const key = `epoch=${epoch}/vnode=${vnode}/partial.bin`;
      put(key, text);
      return { vnode, key, size: text.length, sha256: sha256(new TextEncoder().encode(text)) };
    });
    if (partials.every(({ key }) => !key.startsWith(`epoch=${epoch}/`)))
      put(`epoch=${epoch}/_ANCHOR`, "past");
    const seal = { format: 1, epoch, committer: "A", incarnation: "past", assignmentVersion: 1 };
    put(`epoch=${epoch}/_COMMIT`, { ...seal, partials, attachments: [] }, sealBytes);
    job.epoch = epoch + 1;
  }
  // Somebody else's, for prune to leave alone.
  if (random.chance(0.2)) put("epoch=0/notes.txt", "not the protocol's");
}
