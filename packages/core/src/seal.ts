/** An epoch's `_COMMIT` that names a committer. An epoch is committed if and only if it has one. */
export interface Seal {
  /** 0 is the plain-text form of LaminarDB: no incarnation, no version, no digests. */
  readonly format: 0 | 1;
  readonly epoch: number;
  /** The instance that created the seal. */
  readonly committer: string;
  readonly incarnation?: string | undefined;
  readonly assignmentVersion?: number | undefined;
  /** One entry a vnode, ascending. */
  readonly partials: readonly SealedPartial[];
  readonly attachments: readonly SealedAttachment[];
}

export interface SealedPartial {
  readonly vnode: number;
  readonly key: string;
  readonly size: number;
  /** Lower-case hex. Absent where the vnode was accepted by its listing alone. */
  readonly sha256?: string | undefined;
}

export interface SealedAttachment {
  readonly name: string;
  readonly key: string;
  readonly size: number;
  /** Lower-case hex. */
  readonly sha256?: string | undefined;
}
