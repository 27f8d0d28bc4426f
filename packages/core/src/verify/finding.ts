/** What is wrong with a namespace, or only left over, and what to do about it. */
import { nextSteps } from "../next-steps.ts";

/**
 * `damage`: a restore, a takeover or a prune fails, or would give wrong bytes. `warning`: something that the protocol
 * rests on is not as it was written, and nothing fails yet. `notice`: what a running job, a crash or a prune leaves behind.
 */
export type Severity = "damage" | "warning" | "notice";

export type FindingKind =
  | "object-missing"
  | "object-size"
  | "object-bytes"
  | "object-unreadable"
  | "chunks-mismatch"
  | "seal-damaged"
  | "seal-missing"
  | "seal-unknown-format"
  | "seal-beyond-capacity"
  | "base-mismatch"
  | "no-seal-left"
  | "namespace-missing"
  | "namespace-damaged"
  | "control-damaged"
  | "fence-missing"
  | "pin-on-nothing"
  | "open"
  | "unsealed"
  | "unnamed"
  | "left-behind"
  | "foreign";

export interface Finding {
  readonly kind: FindingKind;
  readonly severity: Severity;
  /** The object; or the folder, if it is about several objects. */
  readonly key: string;
  /** The epoch whose folder or seal it is about. */
  readonly epoch?: number | undefined;
  readonly vnode?: number | undefined;
  readonly attachment?: string | undefined;
  /** The lowest and the highest sealed epoch that name the object. */
  readonly namedBy?: { readonly from: number; readonly to: number } | undefined;
  /** How many objects it is about. */
  readonly objects: number;
  /** Bytes of these objects, where a listing has shown them. */
  readonly bytes: number;
  /** What is the matter, and what it means for a restore. */
  readonly message: string;
  readonly next: string;
}

/** What stands beside the kind of a finding. */
export type Subject = Pick<Finding, "key"> &
  Partial<
    Pick<Finding, "epoch" | "vnode" | "attachment" | "namedBy" | "objects" | "bytes" | "next" | "severity">
  >;

const restoreAnother =
  "Put it back from a copy; or restore an epoch that does not name it, and seal that as the next";
const nextPrune = "Nothing: the next prune deletes it";
const ownTools = "Delete it with the store's own tools, if nobody needs it";

const kinds: Readonly<Record<FindingKind, readonly [Severity, string]>> = {
  "object-missing": ["damage", restoreAnother],
  "object-size": ["damage", restoreAnother],
  "object-bytes": ["damage", restoreAnother],
  "object-unreadable": ["damage", restoreAnother],
  "chunks-mismatch": ["damage", "Restore another epoch, and seal that as the next"],
  "seal-damaged": ["damage", nextSteps.Corrupt],
  "seal-missing": [
    "damage",
    "Put the epoch's _COMMIT back from a copy. If there is none, nothing else is lost: prunes and restores of later epochs go on",
  ],
  "seal-unknown-format": ["damage", nextSteps.UnknownFormat],
  "seal-beyond-capacity": ["damage", nextSteps.CapacityMismatch],
  "base-mismatch": [
    "warning",
    "Find out who changed the bucket, and compare the sinks with what is restored",
  ],
  "no-seal-left": [
    "damage",
    "Put back the _COMMIT of an epoch at or above the floor; or delete a floor that nobody's prune has published",
  ],
  "namespace-missing": [
    "damage",
    "Put it back from a copy, or write it anew by recover with the vnodeCapacity that the job has",
  ],
  "namespace-damaged": [
    "damage",
    "Delete it, and write it anew by recover with the vnodeCapacity that the job has",
  ],
  "control-damaged": ["warning", "Put it back from a copy; find out who changed it"],
  "fence-missing": ["warning", "Claim a version above that of the newest seal: lower ones are refused by it"],
  "pin-on-nothing": ["notice", nextPrune],
  open: [
    "notice",
    "Nothing while the job runs: it seals the epoch, or makes it void. If the job has sealed it, put its _COMMIT back",
  ],
  unsealed: ["notice", nextPrune],
  unnamed: ["notice", "Nothing: it goes when its epoch is pruned"],
  "left-behind": ["notice", nextPrune],
  foreign: ["notice", ownTools],
};

export function finding(kind: FindingKind, message: string, subject: Subject): Finding {
  const [severity, next] = kinds[kind];
  return { kind, severity, objects: 1, bytes: 0, next, ...subject, message };
}
