import type { Configuration, Stage } from "./configuration.ts";
import {
  bothSealedBy,
  complete,
  completeNext,
  describeEpoch,
  lead,
  openPin,
  pin,
  prune,
  read,
  readPartial,
  sealedBy,
  sealedOf,
  takeover,
  unpin,
  write,
  writeNext,
} from "./scripts.ts";

/** A leads, and has sealed 5, whose vnode 1 is as it was in 4, and 6, which needs neither. The others have opened it. */
async function threeSealed(stage: Stage, ...others: readonly string[]): Promise<void> {
  await lead(stage, "A", 2, write(5), complete(5, [1]));
  await stage.call("A", write(6), write(6, 1), complete(6));
  for (const id of others) await stage.open(id);
}

/** Epochs that are kept from prunes. */
export const pinning: readonly Configuration[] = [
  {
    name: "pinned-beside-prune",
    says: "An operator pins an epoch and reads it, while the leader prunes it.",
    past: bothSealedBy("A", 4),
    present: async (stage) => {
      await threeSealed(stage, "O");
      return [
        { instance: "O", calls: [pin(5), openPin, read(0), read(1)] },
        { instance: "A", calls: [prune(6)] },
      ];
    },
    preemptions: 2,
  },
  {
    name: "pinned-beside-two-prunes",
    says: "Two operators pin the same epoch while two prunes pass, and one response of the pins is lost or late.",
    past: bothSealedBy("A", 4),
    present: async (stage) => {
      await threeSealed(stage, "O", "P");
      return [
        { instance: "O", calls: [pin(5), openPin, read(1)] },
        { instance: "P", calls: [pin(5), describeEpoch(5)] },
        { instance: "A", calls: [prune(6), prune(6)] },
      ];
    },
    faults: { budget: 1, kinds: ["lost", "delayed", "twice"], on: /^create _control\/pin=/ },
    preemptions: 1,
  },
  {
    name: "pinned-twice-under-one-name",
    says: "Two operators pin the same epoch under the same name, while the leader prunes it.",
    past: bothSealedBy("A", 4),
    present: async (stage) => {
      await threeSealed(stage, "O", "P");
      return [
        { instance: "O", calls: [pin(5, "shared")] },
        { instance: "P", calls: [pin(5, "shared"), describeEpoch(5)] },
        { instance: "A", calls: [prune(6), prune(6)] },
      ];
    },
    preemptions: 1,
  },
  {
    name: "pin-of-a-seal-that-lands-twice",
    says: "The newest seal's create lands twice, while an operator pins it and dies before it looks again.",
    past: bothSealedBy("A", 4),
    present: async (stage) => {
      await lead(stage, "A", 2, write(5));
      for (const id of ["O", "R"]) await stage.open(id);
      return [
        { instance: "A", calls: [complete(5, [1]), write(6), write(6, 1), complete(6), prune(6)] },
        { instance: "O", calls: [pin(5)] },
        { instance: "R", calls: [sealedOf(5), readPartial(5, 0), describeEpoch(5)] },
      ];
    },
    callersGiveUp: ["O"],
    faults: { budget: 1, kinds: ["twice"], on: /^create epoch=\d*5\/_COMMIT/ },
    preemptions: 1,
  },
  {
    name: "unpinned-beside-prune",
    says: "An operator lets go of an epoch that a reader reads, while the leader prunes.",
    past: bothSealedBy("A", 4),
    present: async (stage) => {
      await threeSealed(stage, "O", "R");
      await stage.call("O", pin(5), openPin);
      return [
        { instance: "O", calls: [unpin(5), read(1)] },
        { instance: "R", calls: [sealedOf(5), readPartial(5, 1), describeEpoch(5)] },
        { instance: "A", calls: [prune(6)] },
      ];
    },
    preemptions: 2,
  },
  {
    name: "pin-whose-creator-dies",
    says: "An operator dies before it looks again, so that its pin may be on nothing, while a reader holds the epoch.",
    past: bothSealedBy("A", 4),
    present: async (stage) => {
      await threeSealed(stage, "O", "R");
      await stage.call("R", pin(5), openPin, unpin(5));
      return [
        { instance: "O", calls: [pin(5)] },
        { instance: "R", calls: [read(1), sealedOf(5)] },
        { instance: "A", calls: [prune(6), prune(6)] },
      ];
    },
    callersGiveUp: ["O"],
    preemptions: 1,
  },
  {
    name: "stray-beside-pin",
    says: "A zombie's seal lands below the floor, and an operator pins it and dies before it looks again.",
    past: sealedBy("A", 4),
    present: async (stage) => {
      await lead(stage, "A", 2, write(5));
      for (const id of ["B", "O", "R"]) await stage.open(id);
      return [
        { instance: "A", calls: [complete(5)] },
        { instance: "B", calls: [takeover(3), writeNext, completeNext, prune(9)] },
        { instance: "O", calls: [pin(5)] },
        { instance: "R", calls: [sealedOf(5), readPartial(5, 0)] },
      ];
    },
    callersGiveUp: ["O"],
    preemptions: 2,
  },
  {
    name: "pinned-and-taken-over",
    says: "An operator pins the newest epoch while a second leader takes over, seals and prunes; all listings are torn.",
    past: bothSealedBy("A", 4),
    anchors: true,
    present: async (stage) => {
      await lead(stage, "A", 2, write(5), complete(5, [1]));
      await stage.open("B");
      await stage.open("O");
      return [
        { instance: "A", calls: [complete(6, [0, 1])] },
        { instance: "B", calls: [takeover(3), writeNext, write(8, 1), completeNext, prune(9)] },
        { instance: "O", calls: [pin(5), openPin, read(1)] },
      ];
    },
    torn: "all",
    preemptions: 1,
  },
];
