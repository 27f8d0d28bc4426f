import type { Configuration, Stage } from "./configuration.ts";
import {
  abort,
  bothSealedBy,
  complete,
  completeNext,
  dryRun,
  epochStates,
  giveUp,
  keep,
  latest,
  lead,
  nothing,
  open,
  openExisting,
  prune,
  pruneAsOperator,
  recoverNamespace,
  sealedBy,
  sealedEpochs,
  sealedOf,
  takeover,
  write,
  writeNext,
} from "./scripts.ts";

/** What a power cut or a failing disk may leave of a `_COMMIT`. */
function damage(stage: Stage, epoch: number): void {
  stage.damage(`epoch=${epoch}/_COMMIT`, `{"damaged": ${epoch}`);
}

/** Objects that the protocol goes by are damaged or lost, and operators decide. */
export const damaged: readonly Configuration[] = [
  {
    name: "leader-goes-on-past-damage",
    says: "A leader goes on from its damaged newest seal, which it has in memory, an operator gives it up, a successor leads.",
    past: bothSealedBy("P", 4),
    present: async (stage) => {
      await lead(stage, "A", 2, write(5), write(5, 1), complete(5), write(6));
      for (const id of ["O", "B", "R"]) await stage.open(id);
      damage(stage, 5);
      return [
        { instance: "A", calls: [complete(6, [1])] },
        { instance: "O", calls: [giveUp(5, 3)] },
        { instance: "B", calls: [takeover(4)] },
        { instance: "R", calls: [latest] },
      ];
    },
    preemptions: 2,
  },
  {
    name: "own-takeover-after-give-up",
    says: "An operator gives up the newest epoch, and the leader that sealed it takes over again, while somebody restores.",
    past: sealedBy("P", 4),
    present: async (stage) => {
      await lead(stage, "A", 2, write(5), complete(5));
      for (const id of ["O", "R"]) await stage.open(id);
      damage(stage, 5);
      return [
        { instance: "O", calls: [giveUp(5, 3)] },
        { instance: "A", calls: [takeover(4), writeNext, completeNext] },
        { instance: "R", calls: [latest, sealedEpochs] },
      ];
    },
    torn: "none",
    preemptions: 2,
  },
  {
    name: "successor-after-give-up",
    says: "An operator gives up the newest epoch, then a sound one; a leader asks for it again, while another aborts it.",
    past: async (stage) => {
      await sealedBy("P", 4, 5)(stage);
      damage(stage, 5);
    },
    present: async (stage) => {
      for (const id of ["O", "B", "C", "R"]) await stage.open(id);
      return [
        { instance: "O", calls: [giveUp(5, 3), giveUp(4, 9)] },
        { instance: "B", calls: [takeover(4), write(5), complete(5), writeNext, completeNext] },
        { instance: "C", calls: [abort(5)] },
        { instance: "R", calls: [sealedEpochs, sealedOf(5)] },
      ];
    },
    torn: "none",
    preemptions: 1,
  },
  {
    name: "give-up-beside-prunes",
    says: "A seal between retained ones is damaged, and named objects below it; it is given up beside two prunes.",
    past: async (stage) => {
      await bothSealedBy("A", 4)(stage);
      await stage.call("A", write(5), complete(5, [1]), write(6), write(6, 1), complete(6));
      damage(stage, 5);
    },
    present: async (stage) => {
      await lead(stage, "A", 2);
      for (const id of ["O", "P"]) await stage.open(id);
      return [
        { instance: "A", calls: [prune(5), prune(6)] },
        { instance: "O", calls: [giveUp(5, 3), epochStates] },
        { instance: "P", calls: [pruneAsOperator(5)] },
      ];
    },
    preemptions: 2,
  },
  {
    name: "keep-past-damage",
    says: "A leader keeps two and then five seals, where one is damaged, one epoch is void and one open, and an operator gives up.",
    past: async (stage) => {
      await sealedBy("A", 3, 4)(stage);
      await stage.call("A", abort(5), write(6), write(7), complete(7), write(8), complete(8));
      damage(stage, 7);
    },
    present: async (stage) => {
      await lead(stage, "A", 2);
      await stage.open("O");
      await stage.open("R", { readOnly: true });
      return [
        { instance: "O", calls: [giveUp(7, 3)] },
        { instance: "A", calls: [keep(2), takeover(4), keep(5), keep(2)] },
        { instance: "R", calls: [epochStates] },
      ];
    },
    preemptions: 2,
  },
  {
    name: "two-give-up",
    says: "Two operators give up one of two damaged epochs at once, and a request is lost or lands late.",
    past: async (stage) => {
      await sealedBy("P", 5, 6, 7)(stage);
      damage(stage, 6);
      damage(stage, 7);
    },
    present: async (stage) => {
      for (const id of ["O", "Q", "R"]) await stage.open(id);
      return [
        { instance: "O", calls: [giveUp(7, 2)] },
        { instance: "Q", calls: [giveUp(7, 3)] },
        { instance: "R", calls: [latest] },
      ];
    },
    faults: { budget: 1, kinds: ["lost", "delayed"], on: /^create _control\/given-up/ },
    torn: "none",
    preemptions: 1,
  },
  {
    name: "read-beside-prune",
    says: "Somebody lists every epoch and asks for one, and another counts what a prune would delete, while the leader prunes.",
    past: sealedBy("A", 4, 5),
    present: async (stage) => {
      await lead(stage, "A", 2, write(6));
      for (const id of ["R", "S"]) await stage.open(id, { readOnly: true });
      return [
        { instance: "A", calls: [complete(6), prune(5), prune(6)] },
        { instance: "R", calls: [epochStates, sealedOf(4)] },
        { instance: "S", calls: [dryRun(5)] },
      ];
    },
    deletes: "each",
    preemptions: 2,
  },
  {
    name: "prune-beside-own-takeover",
    says: "A leader is deposed and prunes, while it claims a higher version.",
    past: sealedBy("P", 4, 5),
    present: async (stage) => {
      await lead(stage, "A", 2);
      await stage.open("B");
      return [
        { instance: "A", calls: [prune(5)] },
        { instance: "A", calls: [takeover(4)] },
        { instance: "B", calls: [takeover(3)] },
      ];
    },
    preemptions: 2,
  },
  {
    name: "lost-namespace",
    says: "Two processes open at once what has lost its namespace object, and an operator recovers it with too few vnodes, then with enough.",
    past: async (stage) => {
      await bothSealedBy("P", 4)(stage);
      stage.lose("_control/namespace");
    },
    present: async () => [
      { instance: "A", calls: [open(), takeover(2)] },
      { instance: "B", calls: [open()] },
      { instance: "O", calls: [recoverNamespace(1), recoverNamespace(4)] },
    ],
    preemptions: 2,
  },
  {
    name: "opened-while-created",
    says: "A process opens what must exist, and another one opens, while the first ever opens and claims a version.",
    past: nothing,
    present: async () => [
      { instance: "A", calls: [open(), takeover(1)] },
      { instance: "B", calls: [open()] },
      { instance: "C", calls: [openExisting] },
    ],
    preemptions: 2,
  },
  {
    name: "lost-fence",
    says: "The fence of the newest seal's version is lost, and two leaders claim that version and a higher one.",
    past: async (stage) => {
      await stage.open("P");
      await stage.call("P", takeover(3), write(4), complete(4));
      stage.lose("_control/fence=0000000000000003");
    },
    present: async (stage) => {
      for (const id of ["A", "B", "R"]) await stage.open(id);
      return [
        { instance: "A", calls: [takeover(3), writeNext, completeNext] },
        { instance: "B", calls: [takeover(4), writeNext, completeNext] },
        { instance: "R", calls: [latest, latest] },
      ];
    },
    preemptions: 2,
  },
];
