/** Why no schedule of the explorer shows that a rule is missing. */
export interface OutOfReach {
  /** One sentence. */
  readonly why: string;
  readonly rules: readonly string[];
}

/** A rule stands here or is found: `explorer-rules.long.test.ts`. */
export const outOfReach: readonly OutOfReach[] = [
  {
    why: "It guards against receipts, cuts, codecs or seals that no actor makes: what they say of their bytes is not so.",
    rules: [
      "cut-gives-every-byte",
      "receipt-is-of-its-chunks",
      "chunks-make-up-the-whole",
      "decoded-bytes-are-checked",
    ],
  },
  {
    why: "It tells bytes that nobody may decode from those that are none: no invariant is about bytes before their seal.",
    rules: ["unsealed-bytes-of-another-are-not-decoded", "accept-listed-takes-no-coded-bytes"],
  },
  {
    why: "It counts if somebody has deleted a chunk by hand: no prune deletes one of an epoch that can still be sealed.",
    rules: ["chunks-of-a-receipt-are-looked-at"],
  },
  {
    why: "It makes an older version refuse what it cannot read: the explorer has only this one.",
    rules: ["coded-entries-are-format-2"],
  },
  {
    why: "Its caller seals an epoch before a lower one that the unchanged vnodes are of: no configuration does.",
    rules: ["sealed-epoch-is-of-the-same-base"],
  },
  {
    why: "It chooses between two refusals, both true: no invariant tells them apart.",
    rules: ["void-explains-what-is-missing"],
  },
  {
    why: "What it deletes keeps nothing: nothing is lost without it.",
    rules: ["pin-on-nothing-goes"],
  },
  {
    why: "It counts without a fence alone, where the epochs of two lives may interleave: no invariant forbids it.",
    rules: ["anchored-epoch-is-above-the-newest"],
  },
  {
    why: "It bounds how large a seal becomes: without it nothing is lost.",
    rules: ["copied-bytes-count-too"],
  },
  {
    why: "Without it a leader is refused the epoch that its own prune has made void, and rightly: nothing is lost.",
    rules: ["prune-leaves-the-anchored-epoch"],
  },
  {
    why: "It checks an argument, and refuses it in every schedule alike.",
    rules: ["empty-epoch-is-an-error", "authoritative-version-never-lowers"],
  },
  {
    why: "It is about a store that ignores the condition, or says what is not so, or has lost or damaged an object; the explorer's does not.",
    rules: [
      "open-creates-until-it-exists",
      "existing-bytes-are-compared",
      "absent-object-of-a-seal-is-an-error",
      "handle-checks-the-size",
      "same-floor-twice-is-corrupt",
      "unreadable-pinned-seal-stops-the-prune",
    ],
  },
  {
    why: "It is about LaminarDB's plain-text seals, which no configuration has.",
    rules: [
      "plain-text-is-an-instance-id",
      "plain-text-stands-below-every-seal",
      "listed-plain-text-stands-below-every-seal",
      "damaged-plain-text-stops-the-prune",
      "damaged-plain-text-is-not-counted",
      "plain-text-only-where-laminardb-was",
      "shown-plain-text-stands-below-every-seal",
      "given-up-plain-text-stays-given-up",
    ],
  },
  {
    why: "It is about prunes that a backend starts by itself, beside its calls: the explorer's threads are calls.",
    rules: [
      "retention-needs-a-fence",
      "one-automatic-prune-at-a-time",
      "failed-automatic-prune-is-tried-again",
      "failed-automatic-prune-is-an-event",
      "close-waits-for-the-automatic-prune",
    ],
  },
  {
    why: "It is about time: the explorer has no clock, and a request has one attempt.",
    rules: [
      "seals-are-read-with-time-for-their-size",
      "seals-of-many-chunks-are-read-with-time-for-their-size",
    ],
  },
  {
    why: "It counts only when a listing of control shows none of what is there: seventeen claims or prunes fall into it.",
    rules: [
      "own-fence-unseen-is-deposed",
      "own-fence-unseen-ends-takeover",
      "highest-control-ever-seen-counts",
      "none-needs-a-second-look",
      "no-sealed-epochs-needs-a-second-look",
    ],
  },
  {
    why: "It saves requests or space: without it nothing is lost, and nobody is told anything wrong.",
    rules: [
      "prune-lists-what-exists",
      "surplus-controls-go",
      "prune-empties-below-an-older-floor-too",
      "takeover-creates-only-where-nothing-is",
    ],
  },
  {
    why: "It leaves an operator a way back or on, and is about what he does afterwards: no configuration goes so far.",
    rules: [
      "given-up-twice-deposes-nobody",
      "give-up-leaves-a-version-above",
      "prune-empties-nothing-that-was-given-up",
      "damage-below-the-floor-is-pruned",
    ],
  },
  {
    why: "It guards against seals that this code does not make: they name an attachment of a lower epoch.",
    rules: ["named-attachments-are-kept"],
  },
  {
    why: "A later look, or another rule, comes to the same refusal: only together they are missed.",
    rules: [
      "absent-object-of-a-receipt-is-lost",
      "nothing-is-given-up-below-the-floor",
      "base-is-at-or-above-the-floor",
      "sealed-vnode-is-given-unchanged-or-dropped",
    ],
  },
  {
    why: "It orders what happens below the floor, where nobody is told of an epoch anything but that it was pruned.",
    rules: ["undeleted-seal-keeps-its-objects", "prune-voids-only-above-the-newest-seal"],
  },
];
