import type { Configuration } from "./configuration.ts";
import { lead, nothing, open, sealedBy, takeover, write, writeNext } from "./scripts.ts";

/** Backends are opened beside the others. */
export const opening: readonly Configuration[] = [
  {
    name: "first-opened-by-three",
    says: "Three processes open an empty store at once, one with another number of vnodes, and claim versions.",
    past: nothing,
    present: async () => [
      { instance: "A", calls: [open(), takeover(1), writeNext] },
      { instance: "B", calls: [open(8)] },
      { instance: "C", calls: [open(), takeover(2)] },
    ],
    preemptions: 2,
  },
  {
    name: "opened-beside-takeover",
    says: "A worker and one with another number of vnodes open while a leader claims; the probe gets no response.",
    past: sealedBy("A", 4),
    present: async (stage) => {
      await lead(stage, "A", 2);
      return [
        { instance: "A", calls: [takeover(3)] },
        { instance: "W", calls: [open(), write(5)] },
        { instance: "X", calls: [open(8)] },
      ];
    },
    faults: { budget: 2, kinds: ["lost"], on: /^create _control\/namespace/ },
    preemptions: 1,
  },
];
