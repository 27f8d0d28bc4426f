import type { Configuration } from "./configuration.ts";
import {
  abort,
  bothSealedBy,
  complete,
  completeNext,
  completeNextUnchanged,
  describeEpoch,
  lead,
  nothing,
  prune,
  read,
  sealedBy,
  takeover,
  write,
  writeNext,
  writeOther,
} from "./scripts.ts";

/** Leaders among themselves, their callers, and operators who abort. */
export const leading: readonly Configuration[] = [
  {
    name: "asked-again-beside-takeover",
    says: "An instance without a version asks again for an epoch of unknown outcome, while it aborts it and takes over.",
    past: async (stage) => {
      await stage.open("B");
      await stage.call("B", write(6), complete(6));
    },
    present: async (stage) => {
      await stage.open("A");
      await stage.call("A", write(5));
      return [
        { instance: "A", calls: [complete(5), complete(5)] },
        { instance: "A", calls: [abort(5), takeover(1)] },
      ];
    },
    faults: { budget: 1, kinds: ["lost", "delayed"], on: /^create epoch=5\/_COMMIT/ },
    preemptions: 2,
  },
  {
    name: "pipelined-beside-takeover",
    says: "A leader has two epochs in its queue, the second all unchanged, while it claims a higher version.",
    past: bothSealedBy("A", 5),
    present: async (stage) => {
      await lead(stage, "A", 2, write(6));
      return [
        { instance: "A", calls: [complete(6, [1])] },
        { instance: "A", calls: [complete(7, [0, 1])] },
        { instance: "A", calls: [takeover(3)] },
      ];
    },
    preemptions: 2,
  },
  {
    name: "pipelined-beside-abort",
    says: "A leader has two epochs in its queue, the second with unchanged vnodes, and an operator aborts the first.",
    past: bothSealedBy("A", 5),
    present: async (stage) => {
      await lead(stage, "A", 2, write(6), write(7, 1));
      await stage.open("O");
      return [
        { instance: "A", calls: [complete(6, [1])] },
        { instance: "A", calls: [complete(7, [0])] },
        { instance: "O", calls: [abort(6)] },
      ];
    },
    preemptions: 3,
  },
  {
    name: "two-leaders",
    says: "A second leader takes over from one that has an epoch written, and both go on.",
    past: sealedBy("A", 4),
    present: async (stage) => {
      await lead(stage, "A", 2);
      await stage.open("B");
      return [
        { instance: "A", calls: [write(5), complete(5), prune(5)] },
        { instance: "B", calls: [takeover(3), writeNext, completeNext] },
      ];
    },
    preemptions: 3,
  },
  {
    name: "no-fence",
    says: "Two instances that claimed no version complete the same epoch, and an operator aborts it.",
    past: nothing,
    present: async (stage) => {
      for (const id of ["A", "B", "O"]) await stage.open(id);
      await stage.call("A", write(5));
      await stage.call("B", write(5));
      return [
        { instance: "A", calls: [complete(5)] },
        { instance: "B", calls: [complete(5)] },
        { instance: "O", calls: [abort(5)] },
      ];
    },
    faults: { budget: 1, kinds: ["lost", "delayed", "twice"], on: /^create .*_COMMIT/ },
    preemptions: 3,
  },
  {
    name: "two-claims",
    says: "Two leaders claim one version at once, one of them a higher one beside it, and each seals what comes next.",
    past: sealedBy("A", 4),
    present: async (stage) => {
      await stage.open("A");
      await stage.open("B");
      return [
        { instance: "A", calls: [takeover(2), writeNext, completeNext] },
        { instance: "B", calls: [takeover(2)] },
        { instance: "B", calls: [takeover(3), writeNext, completeNext] },
      ];
    },
    preemptions: 2,
  },
  {
    name: "restarted-under-its-own-name",
    says: "A restarted process claims the version that its earlier life holds, which has not died, and a higher one.",
    past: sealedBy("A", 4),
    present: async (stage) => {
      await lead(stage, "A", 2, write(5));
      await stage.open("A again", { instanceId: "A" });
      return [
        { instance: "A", calls: [complete(5)] },
        { instance: "A again", calls: [takeover(2)] },
        { instance: "A again", calls: [takeover(3), writeNext, completeNext] },
      ];
    },
    preemptions: 2,
  },
  {
    name: "unknown-then-next",
    says: "A leader does not learn what became of an epoch, and goes on with the next, all unchanged, and asks again.",
    past: bothSealedBy("A", 4),
    present: async (stage) => {
      await lead(stage, "A", 2, write(5), write(6, 1));
      return [
        { instance: "A", calls: [complete(5, [1])] },
        { instance: "A", calls: [complete(6, [0]), complete(5, [1])] },
      ];
    },
    faults: { budget: 2, kinds: ["lost", "delayed", "twice", "failed"], on: /epoch=\d\/_COMMIT/ },
    preemptions: 1,
  },
  {
    name: "callers-give-up",
    says: "The caller of a leader gives up at any moment, asks again, and goes on, while an operator aborts the epoch.",
    past: sealedBy("A", 4),
    present: async (stage) => {
      await lead(stage, "A", 2, write(5), write(6));
      await stage.open("O");
      return [
        { instance: "A", calls: [complete(5), complete(5), complete(6)] },
        { instance: "O", calls: [abort(5)] },
      ];
    },
    callersGiveUp: ["A"],
    preemptions: 2,
  },
  {
    name: "asked-with-other-bytes",
    says: "A leader that did not learn what became of an epoch writes other bytes and asks again; an operator aborts.",
    past: sealedBy("A", 4),
    present: async (stage) => {
      await lead(stage, "A", 2, write(5));
      await stage.open("O");
      return [
        {
          instance: "A",
          calls: [complete(5), writeOther(5), complete(5)],
        },
        { instance: "O", calls: [abort(5)] },
      ];
    },
    faults: { budget: 1, kinds: ["lost", "delayed", "twice"], on: /^create epoch=5/ },
    preemptions: 2,
  },
  {
    name: "idle-beside-takeover",
    says: "A second leader takes over from one whose next epoch writes nothing of its own.",
    past: bothSealedBy("A", 4),
    present: async (stage) => {
      await lead(stage, "A", 2);
      await stage.open("B");
      return [
        { instance: "A", calls: [complete(5, [0, 1]), complete(6, [0, 1])] },
        { instance: "B", calls: [takeover(3), writeNext, completeNextUnchanged, read(1)] },
      ];
    },
    preemptions: 3,
  },
  {
    name: "at-the-highest-number",
    says: "A second leader takes over from one that has written the highest epoch that there is, and aborts it.",
    past: sealedBy("A", Number.MAX_SAFE_INTEGER - 2),
    present: async (stage) => {
      await lead(stage, "A", 2, write(Number.MAX_SAFE_INTEGER));
      await stage.open("B");
      return [
        { instance: "A", calls: [describeEpoch(Number.MAX_SAFE_INTEGER), abort(Number.MAX_SAFE_INTEGER)] },
        { instance: "B", calls: [takeover(3), writeNext, completeNext] },
      ];
    },
    preemptions: 3,
  },
];
