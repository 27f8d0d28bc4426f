import type { Call } from "./calls.ts";
import type { Configuration } from "./configuration.ts";
import {
  abort,
  bothSealedBy,
  complete,
  completeNextUnchanged,
  completeNumbers,
  lead,
  nothing,
  sealedBy,
  takeover,
  write,
  writeNext,
} from "./scripts.ts";

const asUnchanged = { kind: "complete", epoch: 5, vnodes: [0], unchanged: [1] } as const;
const writeUnderTwo: Call = { kind: "write", epoch: 6, vnode: 0, version: 2 };

/** Several calls of one backend at once: epochs in a queue, beside claims and beside each other. */
export const claiming: readonly Configuration[] = [
  {
    name: "queue-successor-and-claim",
    says: "A leader has two epochs in its queue while a successor takes over, and claims a version above that one.",
    past: bothSealedBy("A", 5),
    present: async (stage) => {
      await lead(stage, "A", 2, write(6), write(7, 1));
      await stage.open("B");
      return [
        { instance: "A", calls: [complete(6, [1])] },
        { instance: "A", calls: [complete(7, [0])] },
        { instance: "A", calls: [takeover(4)] },
        { instance: "B", calls: [takeover(3), writeNext, completeNextUnchanged] },
      ];
    },
    preemptions: 2,
  },
  {
    name: "receipts-beside-claim",
    says: "A leader writes and completes an epoch while it claims a higher version, and writes under the old one.",
    past: sealedBy("A", 4),
    present: async (stage) => {
      await lead(stage, "A", 2);
      return [
        { instance: "A", calls: [write(5), complete(5)] },
        { instance: "A", calls: [takeover(3), writeUnderTwo] },
      ];
    },
    preemptions: 3,
  },
  {
    name: "numbers-beside-claim",
    says: "The same, with the vnode named by its number.",
    past: sealedBy("A", 4),
    present: async (stage) => {
      await lead(stage, "A", 2);
      return [
        { instance: "A", calls: [write(5), completeNumbers(5, 0)] },
        { instance: "A", calls: [takeover(3)] },
      ];
    },
    preemptions: 3,
  },
  {
    name: "two-claims-of-one-backend",
    says: "One backend claims two versions at once, and seals an epoch after each.",
    past: sealedBy("A", 4),
    present: async (stage) => {
      await stage.open("A");
      return [
        { instance: "A", calls: [takeover(2), write(5), complete(5)] },
        { instance: "A", calls: [takeover(3), write(6), complete(6)] },
      ];
    },
    preemptions: 2,
  },
  {
    name: "claimed-twice-at-once",
    says: "One backend claims the same version twice at once, seals an epoch in between, and leaves a vnode of it unchanged.",
    past: bothSealedBy("A", 4),
    present: async (stage) => {
      await stage.open("A");
      return [
        { instance: "A", calls: [takeover(2), write(5), write(5, 1), complete(5)] },
        { instance: "A", calls: [takeover(2), write(6), complete(6, [1])] },
      ];
    },
    preemptions: 3,
  },
  {
    name: "unknown-with-more-vnodes",
    says: "A leader does not learn what became of an epoch with a new vnode, and goes on without that vnode.",
    past: sealedBy("A", 4),
    present: async (stage) => {
      await lead(stage, "A", 2, write(5), write(5, 1), write(6));
      return [
        { instance: "A", calls: [complete(5)] },
        { instance: "A", calls: [complete(6), complete(6, [1])] },
      ];
    },
    faults: { budget: 2, kinds: ["lost", "delayed", "failed"], on: /epoch=5\/_COMMIT/ },
    preemptions: 1,
  },
  {
    name: "dropped-and-asked-again",
    says: "A leader drops a vnode, asks again for the epoch before, forgets the vnode in another call, and an operator aborts.",
    past: bothSealedBy("A", 4),
    present: async (stage) => {
      await lead(stage, "A", 2, write(5), write(6));
      await stage.open("O");
      const dropping: Call = { kind: "complete", epoch: 6, dropped: [1] };
      return [
        { instance: "A", calls: [complete(5, [1]), dropping, complete(5, [1])] },
        { instance: "A", calls: [complete(6)] },
        { instance: "O", calls: [abort(6)] },
      ];
    },
    faults: { budget: 1, kinds: ["lost"], on: /^create epoch=5\/_COMMIT/ },
    preemptions: 2,
  },
  {
    name: "base-by-name",
    says: "A leader names the base of an epoch whose predecessor an operator aborts.",
    past: bothSealedBy("A", 4),
    present: async (stage) => {
      await lead(stage, "A", 2, write(5), write(6));
      await stage.open("O");
      return [
        { instance: "A", calls: [complete(5, [1])] },
        { instance: "A", calls: [{ kind: "complete", epoch: 6, unchanged: [1], base: 4 }, complete(6, [1])] },
        { instance: "O", calls: [abort(5)] },
      ];
    },
    preemptions: 2,
  },
  {
    name: "asked-as-unchanged",
    says: "A leader asks for an epoch with two vnodes, and again as if one had not changed, also since another epoch.",
    past: bothSealedBy("A", 4),
    present: async (stage) => {
      await lead(stage, "A", 2, write(5), write(5, 1));
      return [
        { instance: "A", calls: [complete(5)] },
        { instance: "A", calls: [asUnchanged, { ...asUnchanged, base: 3 }] },
      ];
    },
    faults: { budget: 1, kinds: ["lost", "delayed"], on: /^create epoch=5\/_COMMIT/ },
    preemptions: 2,
  },
  {
    name: "anchor-with-faults",
    says: "A second leader takes over from one whose epoch writes nothing of its own, and whose anchor fails.",
    past: bothSealedBy("A", 4),
    present: async (stage) => {
      await lead(stage, "A", 2);
      await stage.open("B");
      return [
        { instance: "A", calls: [complete(5, [0, 1])] },
        { instance: "B", calls: [takeover(3), writeNext, completeNextUnchanged] },
      ];
    },
    faults: { budget: 1, kinds: ["lost", "delayed"], on: /^create epoch=\d\/_ANCHOR/ },
    preemptions: 3,
  },
  {
    name: "unchanged-without-a-fence",
    says: "An instance that claimed no version leaves a vnode unchanged, beside another one, and an operator aborts.",
    past: nothing,
    present: async (stage) => {
      for (const id of ["A", "B", "O"]) await stage.open(id);
      await stage.call("A", write(5), write(5, 1), complete(5), write(7));
      await stage.call("B", write(6));
      return [
        { instance: "A", calls: [complete(7, [1]), complete(7)] },
        { instance: "B", calls: [complete(6)] },
        { instance: "O", calls: [abort(7), abort(6)] },
      ];
    },
    preemptions: 2,
  },
];
