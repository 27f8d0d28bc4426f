import type { Call } from "./calls.ts";
import type { Configuration } from "./configuration.ts";
import {
  abort,
  bothSealedBy,
  complete,
  completeNext,
  completeNextUnchanged,
  completeNumbers,
  latest,
  lead,
  nothing,
  prune,
  pruneAsOperator,
  read,
  sealedBy,
  takeover,
  write,
  writeNext,
} from "./scripts.ts";

const giveBytes = (epoch: number): Call => ({ kind: "complete", epoch, vnodes: [], given: [0] });
const giveNext: Call = { kind: "complete", epoch: "next", vnodes: [], given: [0] };
const successor: readonly Call[] = [takeover(3), writeNext, completeNext];
/** Of an anchor, what whoever takes over may see or not. */
const faultsOfAnchors = { budget: 1, kinds: ["lost", "delayed"], on: /^create epoch=\d+\/_ANCHOR/ } as const;

/** Epochs that are anchored beside the seal before them, and sealed without a look. */
export const anchored: readonly Configuration[] = [
  {
    name: "anchored-beside-takeover",
    says: "A second leader takes over from one that seals an anchored epoch, and the next.",
    anchors: true,
    past: nothing,
    present: async (stage) => {
      await lead(stage, "A", 2, write(5), complete(5));
      await stage.open("B");
      return [
        { instance: "A", calls: [write(6), complete(6), write(7), complete(7)] },
        { instance: "B", calls: successor },
      ];
    },
    preemptions: 2,
  },
  {
    name: "anchor-lost-beside-takeover",
    says: "The same, and the response to one anchor is lost, or it lands late.",
    anchors: true,
    past: nothing,
    present: async (stage) => {
      await lead(stage, "A", 2);
      await stage.open("B");
      return [
        { instance: "A", calls: [write(5), complete(5), write(6), complete(6)] },
        { instance: "B", calls: successor },
      ];
    },
    faults: faultsOfAnchors,
    preemptions: 2,
  },
  {
    name: "first-epochs-of-two-leaders",
    says: "Two leaders take over, one after the other or at once, and each seals its first epoch without a look.",
    anchors: true,
    past: sealedBy("A", 4),
    present: async (stage) => {
      await stage.open("A");
      await stage.open("B");
      return [
        { instance: "A", calls: [takeover(2), writeNext, completeNext] },
        { instance: "B", calls: successor },
      ];
    },
    faults: faultsOfAnchors,
    preemptions: 2,
  },
  {
    name: "claimed-again-over-an-anchored-epoch",
    says: "A leader seals an anchored epoch while it claims a higher version, and another takes over in between.",
    anchors: true,
    past: nothing,
    present: async (stage) => {
      await lead(stage, "A", 2, write(5), complete(5), write(6));
      await stage.open("B");
      return [
        { instance: "A", calls: [complete(6)] },
        { instance: "A", calls: [takeover(4), writeNext, completeNext] },
        { instance: "B", calls: successor },
      ];
    },
    preemptions: 1,
  },
  {
    name: "anchored-without-a-fence",
    says: "Two instances without a version seal the epoch that each has anchored, and one of them takes over.",
    anchors: true,
    past: nothing,
    present: async (stage) => {
      await stage.open("A");
      await stage.open("B");
      await stage.call("A", write(5), complete(5));
      return [
        { instance: "A", calls: [write(6), complete(6)] },
        { instance: "B", calls: [write(6), complete(6), takeover(1), writeNext, completeNext] },
      ];
    },
    preemptions: 2,
  },
  {
    name: "anchored-and-pruned",
    says: "A leader prunes beyond its anchored epoch before it seals it; an operator prunes, and a second leader takes over.",
    anchors: true,
    past: nothing,
    present: async (stage) => {
      await lead(stage, "A", 2, write(4), complete(4), write(5), complete(5));
      await stage.open("B");
      await stage.open("O");
      return [
        { instance: "A", calls: [prune(9), write(6), complete(6)] },
        { instance: "B", calls: successor },
        { instance: "O", calls: [pruneAsOperator(6)] },
      ];
    },
    preemptions: 1,
  },
  {
    name: "pruned-over-an-anchored-epoch",
    says: "A leader prunes beyond the epoch that it has anchored, and seals it and the next, while an operator aborts both.",
    anchors: true,
    past: nothing,
    present: async (stage) => {
      await lead(stage, "A", 2, write(5), complete(5));
      await stage.open("O");
      return [
        { instance: "A", calls: [prune(9), write(6), complete(6), write(7), complete(7)] },
        { instance: "O", calls: [abort(6), abort(7)] },
      ];
    },
    preemptions: 2,
  },
  {
    name: "idle-and-anchored",
    says: "A second leader takes over from one whose anchored epochs write nothing of their own.",
    anchors: true,
    past: bothSealedBy("A", 4),
    present: async (stage) => {
      await lead(stage, "A", 2);
      await stage.open("B");
      return [
        { instance: "A", calls: [complete(5, [0, 1]), complete(6, [0, 1])] },
        { instance: "B", calls: [takeover(3), writeNext, completeNextUnchanged, read(1)] },
      ];
    },
    faults: faultsOfAnchors,
    preemptions: 2,
  },
  {
    name: "anchored-of-unknown-outcome",
    says: "A leader does not learn what became of an anchored epoch, asks again and goes on, while an operator aborts it.",
    anchors: true,
    past: nothing,
    present: async (stage) => {
      await lead(stage, "A", 2, write(5), complete(5), write(6), write(7));
      await stage.open("O");
      return [
        { instance: "A", calls: [complete(6), complete(6), complete(7)] },
        { instance: "O", calls: [abort(6), abort(7)] },
      ];
    },
    faults: {
      budget: 1,
      kinds: ["lost", "delayed", "twice", "failed"],
      on: /epoch=6\/_COMMIT|list _control/,
    },
    preemptions: 2,
  },
  {
    name: "callers-of-anchored-epochs-give-up",
    says: "The caller of a leader gives up at any moment of an anchored epoch, asks again, and goes on.",
    anchors: true,
    past: nothing,
    present: async (stage) => {
      await lead(stage, "A", 2, write(5), complete(5), write(6), write(7));
      await stage.open("B");
      return [
        { instance: "A", calls: [complete(6), complete(6), complete(7)] },
        { instance: "B", calls: [takeover(3)] },
      ];
    },
    callersGiveUp: ["A"],
    preemptions: 1,
  },
  {
    name: "anchored-with-a-number",
    says: "A leader names a vnode of an anchored epoch by its number while a worker writes it, and takes over anew.",
    anchors: true,
    past: nothing,
    present: async (stage) => {
      await lead(stage, "A", 2, write(5), complete(5), write(6));
      await stage.open("W");
      return [
        { instance: "W", calls: [{ kind: "write", epoch: 6, vnode: 1, version: 2 }] },
        { instance: "A", calls: [completeNumbers(6, 0, 1), completeNumbers(6, 0, 1), takeover(3), read(1)] },
      ];
    },
    preemptions: 2,
  },
  {
    name: "bytes-in-the-seal",
    says: "A second leader takes over and prunes while the first seals epochs whose bytes are in the seal, or copied from it.",
    anchors: true,
    past: nothing,
    present: async (stage) => {
      await lead(stage, "A", 2, giveBytes(5));
      await stage.open("B");
      return [
        { instance: "A", calls: [giveBytes(6), complete(7, [0]), read(0)] },
        { instance: "B", calls: [takeover(3), giveNext, prune(9), latest, read(0)] },
      ];
    },
    faults: { budget: 1, kinds: ["lost", "delayed"], on: /^create epoch=[67]\/_COMMIT/ },
    preemptions: 2,
  },
  {
    name: "bytes-in-a-seal-that-was-not-anchored",
    says: "The same of epochs that are looked at first, and asked about again with other bytes.",
    past: nothing,
    present: async (stage) => {
      await lead(stage, "A", 2);
      await stage.open("B");
      return [
        { instance: "A", calls: [giveBytes(5), write(5), complete(5), giveBytes(5)] },
        { instance: "B", calls: [takeover(3), giveNext] },
      ];
    },
    faults: { budget: 1, kinds: ["lost", "delayed"], on: /^create epoch=5\/_(COMMIT|ANCHOR)/ },
    preemptions: 2,
  },
  {
    name: "anchored-and-torn",
    says: "A second leader takes over and prunes, with every listing torn, while the first seals an anchored epoch.",
    anchors: true,
    past: nothing,
    present: async (stage) => {
      await lead(stage, "A", 2, write(5), complete(5), write(6));
      await stage.open("B");
      return [
        { instance: "A", calls: [complete(6)] },
        { instance: "B", calls: [...successor, prune(9)] },
      ];
    },
    torn: "all",
    preemptions: 2,
  },
];
