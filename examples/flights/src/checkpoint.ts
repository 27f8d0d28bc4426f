import type { AttachmentReceipt, SealedEpoch, StateBackend } from "@state/core";

/** What an epoch holds besides the vnodes' state. */
export interface Checkpoint {
  /** The first row after the epoch: a restored job reads the input from here. */
  readonly nextRow: number;
  /** The staged files whose release the seal allows. */
  readonly files: readonly string[];
}

const sourceOffset = "source-offset";
const sinkFiles = "sink-files";

/** Attaches a checkpoint to an epoch before the seal. The seal then covers state, offset and files as one. */
export function attach(
  backend: StateBackend,
  epoch: { readonly epoch: number; readonly assignmentVersion: number },
  { nextRow, files }: Checkpoint,
): Promise<AttachmentReceipt[]> {
  const write = (name: string, value: unknown): Promise<AttachmentReceipt> =>
    backend.writeAttachment({ ...epoch, name, bytes: new TextEncoder().encode(JSON.stringify(value)) });
  return Promise.all([write(sourceOffset, nextRow), write(sinkFiles, files)]);
}

/** Reads a checkpoint back. */
export async function checkpointOf(sealed: SealedEpoch): Promise<Checkpoint> {
  const read = async (name: string): Promise<unknown> => {
    const bytes = await sealed.readAttachment(name);
    if (bytes === undefined) throw new Error(`epoch ${sealed.epoch} has no ${name}: it is not from this job`);
    return JSON.parse(new TextDecoder().decode(bytes));
  };
  const [nextRow, files] = await Promise.all([read(sourceOffset), read(sinkFiles)]);
  return { nextRow: nextRow as number, files: files as readonly string[] };
}
