/** What writing a partial returns. Plain JSON, made to be sent to the coordinator. */
export interface PartialReceipt {
  readonly epoch: number;
  readonly vnode: number;
  readonly assignmentVersion: number;
  /** The object that holds the bytes. */
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** Lower-case hex. */
  readonly sha256: string;
}

/** What a write returns: what a worker sends to its coordinator. */
export type Receipt = PartialReceipt | AttachmentReceipt;

/** What writing an attachment returns. Plain JSON, made to be sent to the coordinator. */
export interface AttachmentReceipt {
  readonly epoch: number;
  readonly name: string;
  readonly assignmentVersion: number;
  /** The object that holds the bytes. */
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** Lower-case hex. */
  readonly sha256: string;
}
