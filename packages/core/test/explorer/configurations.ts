import type { Call } from "./calls.ts";
import {
  abort,
  complete,
  completeNext,
  latest,
  prune,
  pruneAsOperator,
  read,
  readPartial,
  sealedEpochs,
  takeover,
  write,
  writeNext,
} from "./scripts.ts";
import type { Configuration, Stage } from "./configuration.ts";

/** Version 1, of a process that is gone, sealed these epochs, each whole. */
function sealedBy(id: string, ...epochs: readonly number[]): (stage: Stage) => Promise<void> {
  return async (stage) => {
    await stage.open(id);
    await stage.call(id, takeover(1));
    for (const epoch of epochs) await stage.call(id, write(epoch, 0), write(epoch, 1), complete(epoch));
  };
}

async function nothing(): Promise<void> {
  return undefined;
}

/** Opens a backend and lets it lead. */
async function lead(stage: Stage, id: string, version: number, ...then: readonly Call[]): Promise<void> {
  await stage.open(id);
  await stage.call(id, takeover(version), ...then);
}

export const configurations: readonly Configuration[] = [
  {
    name: "abort-beside-prune",
    says: "An operator aborts an epoch that was sealed and pruned, while the leader prunes further.",
    past: async (stage) => {
      await sealedBy("A", 5, 6, 7)(stage);
      await stage.call("A", prune(6));
    },
    present: async (stage) => {
      await lead(stage, "A", 2);
      await stage.open("O");
      return [
        { instance: "O", calls: [abort(5)] },
        { instance: "A", calls: [prune(7)] },
      ];
    },
    preemptions: 3,
  },
  {
    name: "asked-again-beside-takeover",
    says: "A leader asks again for an epoch of unknown outcome, while its supervisor claims a higher version.",
    past: sealedBy("A", 4),
    present: async (stage) => {
      await lead(stage, "A", 2, write(5));
      return [
        { instance: "A", calls: [complete(5), complete(5)] },
        { instance: "A", calls: [takeover(3)] },
      ];
    },
    faults: { budget: 1, kinds: ["lost", "delayed"], on: /^create epoch=5\/_COMMIT/ },
    preemptions: 3,
  },
  {
    name: "pipelined-beside-takeover",
    says: "A deposed leader has two epochs in its queue, the second all unchanged, while it claims a version again.",
    past: sealedBy("A", 5),
    present: async (stage) => {
      await lead(stage, "A", 2, write(6));
      await lead(stage, "B", 3, write(7), write(7, 1), complete(7));
      return [
        { instance: "A", calls: [complete(6)] },
        { instance: "A", calls: [complete(8, [0, 1])] },
        { instance: "A", calls: [takeover(4)] },
      ];
    },
    preemptions: 2,
  },
  {
    name: "pipelined-beside-abort",
    says: "A leader has two epochs in its queue, the second with unchanged vnodes, and an operator aborts the first.",
    past: sealedBy("A", 5),
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
    name: "zombie-beside-prune",
    says: "A leader stalls while its successor seals and prunes, and asks again about its own epoch.",
    past: sealedBy("A", 4),
    present: async (stage) => {
      await lead(stage, "A", 2, write(5));
      await stage.open("B");
      return [
        { instance: "A", calls: [complete(5), readPartial(5), abort(5)] },
        { instance: "B", calls: [takeover(3), writeNext, completeNext, prune(6)] },
      ];
    },
    torn: "none",
    preemptions: 2,
  },
  {
    name: "listing-beside-prune",
    says: "Somebody lists the sealed epochs, while the leader seals two and an operator prunes.",
    past: sealedBy("A", 5),
    present: async (stage) => {
      await lead(stage, "A", 2, write(6), write(7));
      await stage.open("R", { readOnly: true });
      await stage.open("O");
      return [
        { instance: "R", calls: [sealedEpochs] },
        { instance: "A", calls: [complete(6), complete(7)] },
        { instance: "O", calls: [pruneAsOperator(7)] },
      ];
    },
    torn: "none",
    preemptions: 3,
  },
  {
    name: "latest-beside-prunes",
    says: "A reader restores, while the leader seals an epoch and prunes, twice.",
    past: async (stage) => {
      await sealedBy("A", 4, 5)(stage);
      await stage.call("A", prune(5));
    },
    present: async (stage) => {
      await lead(stage, "A", 2, write(6), write(7));
      await stage.open("R", { readOnly: true });
      return [
        { instance: "R", calls: [latest, read()] },
        { instance: "A", calls: [complete(6), prune(6), complete(7), prune(7)] },
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
    name: "incremental-beside-prune",
    says: "A leader seals incremental epochs, and an operator prunes what they name, while somebody restores.",
    past: async (stage) => {
      await sealedBy("A", 4)(stage);
      await stage.call("A", write(5), complete(5, [1]));
    },
    present: async (stage) => {
      await lead(stage, "A", 2, write(6));
      await stage.open("R", { readOnly: true });
      await stage.open("O");
      return [
        { instance: "A", calls: [complete(6, [1]), complete(7, [0, 1])] },
        { instance: "O", calls: [pruneAsOperator(7)] },
        { instance: "R", calls: [latest, read(1)] },
      ];
    },
    deletes: "each",
    preemptions: 2,
  },
  {
    name: "prune-of-a-deposed-leader",
    says: "A leader prunes and makes void, stalls, and its successor seals an epoch that names what is pruned.",
    past: sealedBy("A", 4),
    present: async (stage) => {
      await lead(stage, "A", 2, write(5));
      await stage.open("B");
      return [
        { instance: "A", calls: [prune(6)] },
        { instance: "B", calls: [takeover(3), writeNext, completeNext, prune(9)] },
        { instance: "A", calls: [complete(5, [1])] },
      ];
    },
    preemptions: 2,
  },
  {
    name: "takeover-beside-prune",
    says: "A second leader takes over while the first seals and prunes.",
    past: sealedBy("A", 4, 5),
    present: async (stage) => {
      await lead(stage, "A", 2, write(6), write(7));
      await stage.open("B");
      return [
        { instance: "B", calls: [takeover(3), read()] },
        { instance: "A", calls: [complete(6), prune(6), complete(7)] },
      ];
    },
    preemptions: 3,
  },
  {
    name: "two-claims",
    says: "Two leaders claim versions at once, one of them the same version twice over, and each seals what comes next.",
    past: sealedBy("A", 4),
    present: async (stage) => {
      await stage.open("A");
      await stage.open("B");
      return [
        { instance: "A", calls: [takeover(2), writeNext, completeNext] },
        { instance: "B", calls: [takeover(2), takeover(3), writeNext, completeNext] },
      ];
    },
    preemptions: 2,
  },
  {
    name: "restarted-under-its-own-name",
    says: "A restarted process claims the version that its earlier life holds, which has not died.",
    past: sealedBy("A", 4),
    present: async (stage) => {
      await lead(stage, "A", 2, write(5));
      await stage.open("A again", { instanceId: "A" });
      return [
        { instance: "A", calls: [complete(5)] },
        { instance: "A again", calls: [takeover(2), writeNext, completeNext] },
      ];
    },
    preemptions: 2,
  },
  {
    name: "unknown-then-next",
    says: "A leader does not learn what became of an epoch, and goes on with the next, all unchanged, and asks again.",
    past: sealedBy("A", 4),
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
    name: "unknown-aborted-pruned",
    says: "An epoch of unknown outcome is aborted and pruned by others, who claimed no version, and lands late.",
    past: async (stage) => {
      await stage.open("A");
      await stage.call("A", write(4), complete(4));
    },
    present: async (stage) => {
      await stage.open("A");
      await stage.open("O");
      await stage.call("A", write(5), write(6));
      return [
        { instance: "A", calls: [complete(5), complete(5)] },
        {
          instance: "O",
          calls: [abort(5), { kind: "write", epoch: 6, vnode: 0 }, complete(6), pruneAsOperator(6)],
        },
      ];
    },
    faults: { budget: 1, kinds: ["lost", "delayed", "twice"], on: /^create epoch=5\/_COMMIT/ },
    preemptions: 2,
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
    name: "prune-with-faults",
    says: "A prune whose creates and deletes fail, land late or twice, beside the leader and a reader.",
    past: sealedBy("A", 4, 5),
    present: async (stage) => {
      await lead(stage, "A", 2, write(6));
      await stage.open("R", { readOnly: true });
      return [
        { instance: "A", calls: [complete(6), prune(6), prune(6)] },
        { instance: "R", calls: [latest, read(), sealedEpochs] },
      ];
    },
    faults: { budget: 1, kinds: ["lost", "delayed", "twice"], on: /^(create _control|delete)/ },
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
          calls: [complete(5), { kind: "write", epoch: 5, vnode: 0, text: "other" }, complete(5)],
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
    past: sealedBy("A", 4),
    present: async (stage) => {
      await lead(stage, "A", 2);
      await stage.open("B");
      return [
        { instance: "A", calls: [complete(5, [0, 1]), complete(6, [0, 1])] },
        { instance: "B", calls: [takeover(3), writeNext, completeNext, read(1)] },
      ];
    },
    preemptions: 3,
  },
];
