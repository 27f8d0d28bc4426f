/** What the code once did wrong, and is found if it comes back: each is put back by taking out the rule that mends it. */
export interface MendedFault {
  readonly id: string;
  readonly says: string;
  /** The rule that mends it. */
  readonly rule: string;
  /** Where it is found. */
  readonly configuration: string;
  /** What the observer says then. */
  readonly violations: readonly string[];
}

export const mendedFaults: readonly MendedFault[] = [
  {
    id: "C1",
    says: "A listing of control that another prune falls into shows no floor, or no fence.",
    rule: "newest-controls-are-kept",
    configuration: "abort-beside-prune",
    violations: ["committed-below-floor", "aborted-though-sealed"],
  },
  {
    id: "C2",
    says: "An attempt of unknown outcome is told `no`, since another call of the backend has settled it meanwhile.",
    rule: "unresolved-is-noted-before-the-listing",
    configuration: "asked-again-beside-takeover",
    violations: ["no-though-sealed"],
  },
  {
    id: "C3",
    says: "A version that was claimed after a call speaks for it.",
    rule: "claimed-version-is-that-of-the-call",
    configuration: "pipelined-beside-takeover",
    violations: ["version-claimed-later"],
  },
  {
    id: "C4",
    says: "`unchanged` means another epoch than the one that it meant when the call was made.",
    rule: "unchanged-refers-to-one-base",
    configuration: "pipelined-beside-abort",
    violations: ["unchanged-of-another-base"],
  },
  {
    id: "C5",
    says: "A seal that came into being below the floor is believed.",
    rule: "floor-before-a-seal-is-answered-about",
    configuration: "zombie-beside-prune",
    violations: ["stray-believed"],
  },
  {
    id: "C6",
    says: "`sealedEpochs` leaves out an epoch between two that it lists.",
    rule: "control-after-the-second-look",
    configuration: "listing-beside-prune",
    violations: ["listed-with-a-gap"],
  },
];
