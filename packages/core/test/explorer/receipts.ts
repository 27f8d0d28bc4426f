import type { Configuration } from "./configuration.ts";
import {
  abort,
  attach,
  complete,
  completeNext,
  completeNumbers,
  describeEpoch,
  latest,
  lead,
  nothing,
  prune,
  read,
  readPartial,
  sealedBy,
  takeover,
  write,
  writeNext,
  writeOther,
} from "./scripts.ts";

/** What a seal is made of: receipts, numbers, attachments, and what a listing shows. */
export const receipts: readonly Configuration[] = [
  {
    name: "two-writes-of-one-vnode",
    says: "Two calls of one backend write a vnode at once, and the epoch is asked for by the vnode's number.",
    past: sealedBy("A", 4),
    present: async (stage) => {
      await lead(stage, "A", 2);
      return [
        { instance: "A", calls: [write(5), completeNumbers(5, 0), readPartial(5)] },
        { instance: "A", calls: [writeOther(5), completeNumbers(5, 0)] },
      ];
    },
    faults: { budget: 1, kinds: ["lost", "delayed"], on: /^create epoch=5\/vnode/ },
    preemptions: 2,
  },
  {
    name: "numbers-of-another-life",
    says: "A process and its restarted self ask for an epoch by numbers, one of which nobody has written.",
    past: nothing,
    present: async (stage) => {
      await stage.open("A");
      await stage.open("A again", { instanceId: "A" });
      await stage.call("A", write(5));
      return [
        { instance: "A", calls: [completeNumbers(5, 0), completeNumbers(5, 0, 1)] },
        { instance: "A again", calls: [completeNumbers(5, 0), write(5), completeNumbers(5, 0)] },
      ];
    },
    preemptions: 2,
  },
  {
    name: "same-bytes-of-two",
    says: "Two instances that claimed no version write the same bytes and complete the epoch, and one aborts it.",
    past: nothing,
    present: async (stage) => {
      const same = { kind: "write", epoch: 5, vnode: 0, text: "the same" } as const;
      for (const id of ["A", "B"]) {
        await stage.open(id);
        await stage.call(id, same);
      }
      return [
        { instance: "A", calls: [complete(5)] },
        { instance: "B", calls: [complete(5)] },
        { instance: "B", calls: [abort(5)] },
      ];
    },
    preemptions: 3,
  },
  {
    name: "attachments",
    says: "Two calls of a leader attach different bytes to one epoch, and complete it with and without them.",
    past: sealedBy("A", 4),
    present: async (stage) => {
      await lead(stage, "A", 2, write(5));
      return [
        { instance: "A", calls: [attach(5), complete(5)] },
        { instance: "A", calls: [attach(5, "other"), complete(5)] },
        { instance: "A", calls: [{ kind: "complete", epoch: 5, forgetsAttachments: true }] },
      ];
    },
    preemptions: 2,
  },
  {
    name: "listed-beside-takeover",
    says: "A leader accepts what a listing shows, while a worker writes and a second leader takes over.",
    past: sealedBy("A", 4),
    present: async (stage) => {
      await stage.open("A", { acceptListed: true });
      await stage.call("A", takeover(2));
      await stage.open("W");
      await stage.open("B");
      return [
        { instance: "A", calls: [completeNumbers(5, 0)] },
        { instance: "W", calls: [write(5)] },
        { instance: "B", calls: [takeover(3), writeNext, completeNext] },
      ];
    },
    torn: "none",
    preemptions: 3,
  },
  {
    name: "listed-of-two-writers",
    says: "A leader accepts what a listing shows, twice, while two workers write, one of them again.",
    past: sealedBy("A", 4),
    present: async (stage) => {
      await stage.open("A", { acceptListed: true });
      await stage.call("A", takeover(2));
      await stage.open("V");
      await stage.open("W");
      return [
        { instance: "A", calls: [completeNumbers(5, 0), completeNumbers(5, 0)] },
        { instance: "W", calls: [write(5), write(5)] },
        { instance: "V", calls: [writeOther(5)] },
      ];
    },
    torn: "none",
    preemptions: 2,
  },
  {
    name: "written-again-by-a-listed-worker",
    says: "A worker writes the same bytes again, its leader accepts what a listing shows, and an operator aborts.",
    past: sealedBy("A", 4),
    present: async (stage) => {
      await stage.open("A", { acceptListed: true });
      await stage.call("A", takeover(2));
      await stage.open("W");
      await stage.call("W", write(5));
      await stage.open("O");
      return [
        { instance: "A", calls: [completeNumbers(5, 0)] },
        { instance: "W", calls: [write(5), readPartial(5)] },
        { instance: "O", calls: [abort(5)] },
      ];
    },
    torn: "none",
    preemptions: 2,
  },
  {
    name: "number-of-a-worker",
    says: "A leader names a vnode by number that a worker has written, and then by the worker's receipt.",
    past: sealedBy("A", 4),
    present: async (stage) => {
      await lead(stage, "A", 2);
      await stage.open("W");
      await stage.call("W", write(5));
      return [
        { instance: "A", calls: [completeNumbers(5, 0), { kind: "complete", epoch: 5, from: "W" }] },
        { instance: "W", calls: [writeOther(5), abort(5)] },
      ];
    },
    preemptions: 2,
  },
  {
    name: "written-again-beside-prune",
    says: "A worker writes other bytes where a pruned partial was, while somebody restores from it.",
    past: sealedBy("A", 4),
    present: async (stage) => {
      await lead(stage, "A", 2, write(5));
      await stage.open("W");
      await stage.open("R", { readOnly: true });
      await stage.call("R", latest);
      return [
        { instance: "R", calls: [read(), describeEpoch(4)] },
        { instance: "A", calls: [complete(5), prune(5)] },
        { instance: "W", calls: [write(4)] },
      ];
    },
    preemptions: 3,
  },
  {
    name: "listed-and-written-again-beside-prune",
    says: "The same, of a partial that was accepted by its listing, with bytes of the same and of another length.",
    past: async (stage) => {
      await stage.open("A", { acceptListed: true });
      await stage.open("V");
      await stage.call("A", takeover(1));
      await stage.call("V", write(4));
      await stage.call("A", completeNumbers(4, 0));
    },
    present: async (stage) => {
      await lead(stage, "A", 2, write(5));
      await stage.open("W");
      await stage.open("R", { readOnly: true });
      await stage.call("R", latest);
      return [
        { instance: "R", calls: [read(), read()] },
        { instance: "A", calls: [complete(5), prune(5)] },
        { instance: "W", calls: [write(4)] },
        { instance: "W", calls: [writeOther(4)] },
      ];
    },
    preemptions: 3,
  },
  {
    name: "unchanged-of-a-listed-vnode",
    says: "A leader leaves a vnode unchanged that was accepted by its listing, then writes it, and an operator aborts.",
    past: async (stage) => {
      await stage.open("A", { acceptListed: true });
      await stage.open("V");
      await stage.call("A", takeover(1));
      await stage.call("V", write(4), write(4, 1));
      await stage.call("A", completeNumbers(4, 0, 1));
    },
    present: async (stage) => {
      await lead(stage, "A", 2, write(5));
      await stage.open("O");
      return [
        { instance: "A", calls: [complete(5, [1]), write(5, 1), complete(5)] },
        { instance: "O", calls: [abort(5)] },
      ];
    },
    preemptions: 3,
  },
  {
    name: "read-beside-abort",
    says: "A worker reads what it wrote last of an epoch, while an operator aborts it.",
    past: sealedBy("A", 4),
    present: async (stage) => {
      await lead(stage, "A", 2, write(5));
      await stage.open("O");
      return [
        { instance: "A", calls: [readPartial(5), writeOther(5), readPartial(5), describeEpoch(5)] },
        { instance: "O", calls: [abort(5), describeEpoch(5)] },
      ];
    },
    preemptions: 3,
  },
];
