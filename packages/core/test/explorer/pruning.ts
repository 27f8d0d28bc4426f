import type { Configuration } from "./configuration.ts";
import {
  abort,
  bothSealedBy,
  complete,
  completeNext,
  completeNextUnchanged,
  describeEpoch,
  keep,
  latest,
  lead,
  prune,
  pruneAsOperator,
  read,
  readPartial,
  sealedBy,
  sealedEpochs,
  takeover,
  write,
  writeNext,
  writeOther,
} from "./scripts.ts";

/** Somebody prunes beside the others. */
export const pruning: readonly Configuration[] = [
  {
    name: "abort-beside-prune",
    says: "An operator aborts an epoch that was sealed, while the leader prunes it, and then further, twice.",
    past: sealedBy("A", 5, 6, 7, 8),
    present: async (stage) => {
      await lead(stage, "A", 2);
      await stage.open("O");
      return [
        { instance: "O", calls: [abort(5)] },
        { instance: "A", calls: [prune(6), prune(7), prune(8)] },
      ];
    },
    preemptions: 3,
  },
  {
    name: "zombie-beside-prune",
    says: "A leader stalls while its successor seals and prunes, and asks again about its own epoch, also with other bytes.",
    past: sealedBy("A", 4),
    present: async (stage) => {
      await lead(stage, "A", 2, write(5));
      await stage.open("B");
      return [
        { instance: "A", calls: [complete(5), readPartial(5), writeOther(5), complete(5), abort(5)] },
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
    name: "incremental-beside-prune",
    says: "A leader seals incremental epochs, and an operator prunes what they name, while somebody restores.",
    past: async (stage) => {
      await bothSealedBy("A", 4)(stage);
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
    past: bothSealedBy("A", 4),
    present: async (stage) => {
      await lead(stage, "A", 2, write(5));
      await stage.open("B");
      return [
        { instance: "A", calls: [prune(6)] },
        { instance: "B", calls: [takeover(3), writeNext, completeNextUnchanged, prune(9)] },
        { instance: "A", calls: [complete(5, [1])] },
      ];
    },
    preemptions: 2,
  },
  {
    name: "two-that-keep",
    says: "A leader seals and keeps two seals, stalls, and its successor goes on and keeps one, while somebody restores.",
    past: bothSealedBy("A", 4, 5),
    present: async (stage) => {
      await lead(stage, "A", 2, write(6));
      await stage.open("B");
      await stage.open("R", { readOnly: true });
      return [
        { instance: "A", calls: [complete(6, [1]), keep(2)] },
        { instance: "B", calls: [takeover(3), writeNext, completeNextUnchanged, keep(1)] },
        { instance: "R", calls: [latest, read(1)] },
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
    name: "one-and-ten",
    says: "A leader prunes below epochs 2 and 10, where others have put objects too, and somebody lists and describes.",
    past: async (stage) => {
      await sealedBy("A", 1, 2, 10)(stage);
      for (const epoch of [1, 2, 10]) {
        stage.put(`epoch=${epoch}/notes.txt`, "notes");
        stage.put(`epoch=${epoch}/old/_COMMIT`, "{}");
      }
    },
    present: async (stage) => {
      await lead(stage, "A", 2);
      await stage.open("R", { readOnly: true });
      return [
        { instance: "A", calls: [prune(2), prune(10)] },
        { instance: "R", calls: [sealedEpochs, describeEpoch(1), readPartial(2)] },
      ];
    },
    preemptions: 2,
  },
  {
    name: "prune-with-failed-reads",
    says: "A leader prunes what its newest seal names, and a read of a seal fails.",
    past: async (stage) => {
      await bothSealedBy("A", 4)(stage);
      await stage.call("A", write(5), complete(5, [1]));
    },
    present: async (stage) => {
      await lead(stage, "A", 2, write(6));
      await stage.open("R", { readOnly: true });
      return [
        { instance: "A", calls: [prune(5), complete(6, [1]), prune(6)] },
        { instance: "R", calls: [latest, read(1), sealedEpochs] },
      ];
    },
    faults: { budget: 1, kinds: ["failed"], on: /^get epoch=/ },
    preemptions: 2,
  },
  {
    name: "two-prunes-of-incremental-epochs",
    says: "An operator's prune stalls while the leader seals an incremental epoch and prunes further.",
    past: async (stage) => {
      await bothSealedBy("A", 4)(stage);
      await stage.call("A", write(5), complete(5, [1]));
    },
    present: async (stage) => {
      await lead(stage, "A", 2);
      await stage.open("O");
      return [
        { instance: "A", calls: [write(6), complete(6, [1]), prune(6)] },
        { instance: "O", calls: [pruneAsOperator(5)] },
      ];
    },
    preemptions: 3,
  },
  {
    name: "stalled-prune-beside-successor",
    says: "A leader's prune stalls before it makes an epoch void that is sealed, named by a later seal and pruned.",
    past: bothSealedBy("A", 4),
    present: async (stage) => {
      await lead(stage, "A", 2, write(5));
      await stage.open("B");
      return [
        { instance: "A", calls: [prune(6)] },
        { instance: "A", calls: [complete(5, [1])] },
        {
          instance: "B",
          calls: [
            takeover(3),
            { kind: "write", epoch: "next", vnode: 1 },
            { kind: "complete", epoch: "next", unchanged: [0] },
            prune(9),
          ],
        },
      ];
    },
    preemptions: 2,
  },
];
