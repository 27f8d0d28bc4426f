import type { Call } from "./calls.ts";
import type { Configuration, Stage } from "./configuration.ts";

const write = (epoch: number, vnode = 0): Call => ({ kind: "write", epoch, vnode });
const complete = (epoch: number, unchanged?: readonly number[]): Call => ({
  kind: "complete",
  epoch,
  ...(unchanged === undefined ? {} : { unchanged }),
});
const takeover = (version: number): Call => ({ kind: "takeover", version });
const prune = (before: number): Call => ({ kind: "prune", before });
const pruneAsOperator = (before: number): Call => ({ kind: "prune", before, asOperator: true });
const abort = (epoch: number): Call => ({ kind: "abort", epoch });
const latest: Call = { kind: "latest" };
const sealedEpochs: Call = { kind: "sealedEpochs" };
const read = (vnode = 0): Call => ({ kind: "read", vnode });
const readPartial = (epoch: number, vnode = 0): Call => ({ kind: "readPartial", epoch, vnode });
const writeNext: Call = { kind: "write", epoch: "next", vnode: 0 };
const completeNext: Call = { kind: "complete", epoch: "next" };

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
];
