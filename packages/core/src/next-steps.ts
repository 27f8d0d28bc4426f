import type { StateErrorCode, StoreErrorCode } from "./errors.ts";

/** What whoever reads an error does next, unless the error knows better: every message ends with it. */
export const nextSteps: { readonly [C in Exclude<StateErrorCode, "StoreFailed">]: string } = {
  StaleVersion: "Stop leading: another goes on. To lead again, call takeover with a higher version",
  SplitBrainCommit: "Stop: two instances believe that they lead. Let one of them call takeover",
  EpochAborted: "Roll back this attempt, and use a higher epoch",
  EpochPruned: "Restore from the newest sealed epoch",
  EpochSuperseded: "Use a higher epoch",
  EpochSealed: "Restore from its seal, which this error holds, or from a later one",
  NotSealed: "Call takeover: it goes on from the newest sealed epoch",
  NotPinned: "Look at the names that pins() shows",
  TooManyPins: "Unpin what nobody needs",
  SealMismatch: "Restore from the seal: what it names is what counts",
  BaseChanged: "Write the vnodes that changed since, and ask again",
  VnodeOmitted: "Give its receipt, or name it in unchanged or dropped",
  AttachmentOmitted: "Pass its receipt in attachments",
  FenceRequired: "Call takeover first",
  ReceiptRequired: "Pass the receipt that writePartial returned, or write the vnode",
  ReceiptInvalid: "Pass the receipts that this epoch's writes returned, each once",
  AmbiguousPartial: "Pass the receipt of the one that is meant",
  PartialLost: "Put it back from a copy, or restore from another epoch; find out who deleted it",
  Corrupt: "Put it back from a copy; find out who changed it",
  SourceFailed: "Look at the cause, and write it again",
  UnknownCodec: "Open it with that codec too, after the one that writes",
  UnknownFormat: "Upgrade: a later version of this library wrote it",
  CapacityMismatch: "Open it with the vnodeCapacity that it was created with",
  NamespaceAbsent: "Check the bucket, path or prefix",
  ConditionIgnored: "No checkpoint is safe on it: use another store",
  OutcomeUnknown: "Ask again; abort decides it",
  ReadOnly: "Open a backend without readOnly for it",
  Closed: "Open another backend",
};

/** The same where the store has failed. */
export const nextStepsOfStore: { readonly [C in StoreErrorCode]: string } = {
  Unavailable: "Try again: it may pass",
  Throttled: "Try again, later or with less concurrency",
  Corrupt: "Try again: it was changed on its way",
  Denied: "Check credentials and permissions",
  Misconfigured: "Check the bucket, container, root or region that the store was made with",
  Unsupported: "Use another store",
  InvalidKey: "Check the prefix that the store was made with",
  Failed: "Look at the cause: trying again is not known to help",
};

/** What whoever meets a `_COMMIT` that cannot be read does next. */
export const pastDamage: string =
  "Put it back from a copy, or give the epoch up: ObjectStoreBackend.recover({ store, instanceId, giveUp, version })";
