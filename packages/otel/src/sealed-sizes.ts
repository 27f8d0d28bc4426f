import type { Seal } from "@state/core";

/** How many bytes a seal names, by where they were written. */
export interface SealedSizes {
  /** For this epoch. */
  readonly written: number;
  /** For earlier epochs: unchanged vnodes, and chunks that are used again. */
  readonly reused: number;
}

export function sizesOf({ epoch, partials, attachments }: Seal): SealedSizes {
  let [written, reused] = [0, 0];
  const add = (size: number, isOwn: boolean): void => {
    if (isOwn) written += size;
    else reused += size;
  };
  const isOwn = (key: string): boolean => key.startsWith(`epoch=${epoch}/`);
  for (const entry of [...partials, ...attachments]) {
    if ("chunks" in entry && entry.chunks !== undefined)
      for (const { key, size } of entry.chunks) add(size, isOwn(key));
    else add(entry.size, entry.key === undefined ? entry.writtenAt === epoch : isOwn(entry.key));
  }
  return { written, reused };
}
