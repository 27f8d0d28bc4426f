/** Copies checkpoints from one store to another. */
export type { CopyOptions, CopyProgress, CopyReport } from "./copy.ts";
export { copy } from "./copy.ts";
