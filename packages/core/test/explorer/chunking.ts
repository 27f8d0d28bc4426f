import { salting } from "../support/coded.ts";
import type { Configuration, Role } from "./configuration.ts";
import {
  complete,
  completeNext,
  completeNumbers,
  describeEpoch,
  latest,
  lead,
  nothing,
  openPin,
  pin,
  prune,
  read,
  readPartial,
  sealedOf,
  stream,
  streamedBy,
  takeover,
  unpin,
  write,
} from "./scripts.ts";

/** Seals an epoch without the chunk, and prunes what named it. */
const leavesOut: Role = { instance: "A", calls: [stream(7, "other"), complete(7), prune(7)] };
/** Uses the chunk again in a later one. */
const usesAgain: Role = { instance: "A", calls: [latest, stream(8, "same"), complete(8)] };

/** Chunks that are used again, while others leave them out, prune, take over or pin. */
export const chunking: readonly Configuration[] = [
  {
    name: "reused-beside-prune",
    says: "A leader seals an epoch without a chunk and prunes, while it uses the chunk again in a later one.",
    past: streamedBy("P", "same", 4, 5),
    present: async (stage) => {
      await lead(stage, "A", 2);
      return [leavesOut, usesAgain];
    },
    preemptions: 2,
  },
  {
    name: "anchored-and-reused-beside-prune",
    says: "The same with anchored epochs, and a restore beside it.",
    past: streamedBy("P", "same", 4, 5),
    anchors: true,
    present: async (stage) => {
      await lead(stage, "A", 2);
      await stage.open("R");
      return [leavesOut, usesAgain, { instance: "R", calls: [latest, read()] }];
    },
    preemptions: 1,
  },
  {
    name: "reused-after-an-unknown-seal",
    says: "The same where the seal without the chunk is lost or late.",
    past: streamedBy("P", "same", 4, 5),
    present: async (stage) => {
      await lead(stage, "A", 2);
      return [{ instance: "A", calls: [stream(7, "other"), complete(7)] }, usesAgain];
    },
    faults: { budget: 1, kinds: ["lost", "delayed"], on: /^create epoch=7\/_COMMIT/ },
    preemptions: 2,
  },
  {
    name: "reused-beside-takeover",
    says: "A leader's epoch uses nothing but a chunk of a lower one, while a second leader takes over, seals and prunes.",
    past: streamedBy("P", "same", 4),
    present: async (stage) => {
      await lead(stage, "A", 2, stream(6, "same"));
      await stage.open("B");
      return [
        { instance: "A", calls: [complete(6), readPartial(6, 0)] },
        { instance: "B", calls: [takeover(3), stream("next", "same"), completeNext, prune(9)] },
      ];
    },
    preemptions: 2,
  },
  {
    name: "numbered-and-reused-beside-takeover",
    says: "The same where the vnode is given by its number, the listings are torn, and epochs are anchored.",
    past: streamedBy("P", "same", 4),
    anchors: true,
    present: async (stage) => {
      await lead(stage, "A", 2, stream(7, "same"));
      await stage.open("B");
      return [
        { instance: "A", calls: [completeNumbers(7, 0)] },
        { instance: "B", calls: [takeover(3), stream("next", "other"), completeNext, prune(9)] },
      ];
    },
    torn: "all",
    preemptions: 1,
  },
  {
    name: "reused-without-takeover",
    says: "Two processes that lead nothing use a chunk again, and leave it out and prune.",
    past: nothing,
    present: async (stage) => {
      await stage.open("A");
      await stage.call("A", stream(5, "same"), complete(5), latest);
      await stage.open("B");
      return [
        { instance: "A", calls: [stream(7, "same"), complete(7), readPartial(5, 0), latest] },
        { instance: "B", calls: [write(6), complete(6), prune(6)] },
      ];
    },
    preemptions: 2,
  },
  {
    name: "chunk-of-a-pinned-epoch",
    says: "A leader restores a pinned epoch as a new one, unpins and prunes it, while an operator looks at it.",
    past: streamedBy("P", "same", 4),
    present: async (stage) => {
      await lead(stage, "A", 2, pin(4), stream(6, "other"), complete(6), openPin);
      await stage.open("O");
      return [
        { instance: "A", calls: [stream(7, "same"), complete(7), read()] },
        { instance: "O", calls: [describeEpoch(4), sealedOf(4)] },
        { instance: "A", calls: [prune(6), unpin(4), prune(6)] },
      ];
    },
    preemptions: 1,
  },
  {
    name: "chunk-that-is-lost",
    says: "A chunk's create is lost, late, or lands twice, and the stream is written again.",
    past: streamedBy("P", "same", 4),
    present: async (stage) => {
      await lead(stage, "A", 2);
      await stage.open("R");
      return [
        { instance: "A", calls: [write(6, 1), stream(6, "new"), stream(6, "new"), complete(6)] },
        { instance: "R", calls: [latest, read()] },
      ];
    },
    faults: { budget: 1, kinds: ["lost", "delayed", "twice"], on: /^create epoch=6\/vnode=0\/chunk/ },
    preemptions: 1,
  },
  {
    name: "coded-and-asked-again",
    says: "A codec stores other bytes each time, and an epoch is written and asked for again after its seal was lost.",
    past: async (stage) => {
      await stage.open("P", { codecs: [salting()] });
      await stage.call("P", takeover(1), stream(4, "same"), write(4, 1), complete(4));
    },
    present: async (stage) => {
      await stage.open("A", { codecs: [salting()] });
      await stage.open("R", { codecs: [salting()] });
      await stage.call("A", takeover(2));
      return [
        {
          instance: "A",
          calls: [
            latest,
            stream(6, "same"),
            write(6, 1),
            complete(6),
            stream(6, "same"),
            write(6, 1),
            complete(6),
          ],
        },
        { instance: "R", calls: [readPartial(6, 1), latest, read(0), read(1)] },
      ];
    },
    faults: { budget: 1, kinds: ["lost", "delayed"], on: /^create epoch=6\/_COMMIT/ },
    preemptions: 1,
  },
];
