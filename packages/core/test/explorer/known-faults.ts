/** What the code is known to do wrong. A fault that is mended is taken off this list, and found if it comes back. */
export interface KnownFault {
  readonly id: string;
  readonly says: string;
  /** Where it is found. */
  readonly configuration: string;
  /** What the observer says then. */
  readonly violations: readonly string[];
  /** Whether it needs a listing that is not of one moment. */
  readonly isTorn?: true;
}

export const knownFaults: readonly KnownFault[] = [
  {
    id: "C1",
    says: "A listing of control that another prune falls into shows no floor, or no fence.",
    configuration: "abort-beside-prune",
    violations: ["aborted-though-sealed"],
    isTorn: true,
  },
  {
    id: "C2",
    says: "An attempt of unknown outcome is told `no`, since another call of the backend has settled it meanwhile.",
    configuration: "asked-again-beside-takeover",
    violations: ["no-though-sealed"],
  },
  {
    id: "C3",
    says: "A version that was claimed after a call speaks for it.",
    configuration: "pipelined-beside-takeover",
    violations: ["version-claimed-later"],
  },
  {
    id: "C4",
    says: "`unchanged` means another epoch than the one that it meant when the call was made.",
    configuration: "pipelined-beside-abort",
    violations: ["unchanged-of-another-base"],
  },
  {
    id: "C5",
    says: "A seal that came into being below the floor is believed.",
    configuration: "zombie-beside-prune",
    violations: ["stray-believed"],
  },
  {
    id: "C6",
    says: "`sealedEpochs` leaves out an epoch between two that it lists.",
    configuration: "listing-beside-prune",
    violations: ["listed-with-a-gap"],
  },
];

/** The violations of these faults, which are passed over. */
export function violationsOf(faults: readonly KnownFault[]): readonly string[] {
  return faults.flatMap(({ violations, isTorn }) => (isTorn === true ? [] : violations));
}
