export type {
  DeleteFailure,
  ListedObject,
  ListOptions,
  ListPage,
  ObjectStore,
  CreateOptions,
  OperationOptions,
  Remark,
} from "./store.ts";
export { contractVersion } from "./store.ts";
export type {
  Sealed,
  StateErrorCode,
  StateErrorDetails,
  StoreErrorCode,
  StoreErrorDetails,
} from "./errors.ts";
export { isStateError, isStoreError, StateError, StoreError } from "./errors.ts";
export type {
  AttachmentReceipt,
  Chunk,
  ChunkedReceipt,
  Coded,
  Digest,
  PartialReceipt,
  Receipt,
  WholeReceipt,
} from "./receipt.ts";
export type {
  ChunkedPartial,
  InlinePartial,
  Seal,
  SealedAttachment,
  SealedPartial,
  StoredPartial,
} from "./seal.ts";
export type { Codec, CodecContext, DecodeContext } from "./codec.ts";
export type {
  ControlDescription,
  EpochCompleteArguments,
  EpochDescription,
  EpochOutcome,
  EpochState,
  GivenUpEpoch,
  PartialBytes,
  Pin,
  PinArguments,
  PruneArguments,
  PruneOptions,
  PruneReport,
  ReadPartialArguments,
  RecoveredNamespace,
  SealedEpoch,
  SealedEpochsArguments,
  StateBackend,
  Takeover,
  TakeoverArguments,
  UnpinArguments,
  VoidMark,
  WriteAttachmentArguments,
  WritePartialArguments,
} from "./state-backend.ts";
export type { GiveUp, OpenOptions, RecoverNamespace, RecoverOptions } from "./open-options.ts";
export { ObjectStoreBackend } from "./backend.ts";
export type {
  BackendEvent,
  CallEnd,
  CallEvent,
  CallStart,
  DecisionEvent,
  RequestEvent,
  RetentionEvent,
} from "./events.ts";
export type { RetentionOptions } from "./retention.ts";
export type { RetryOptions } from "./retry.ts";
