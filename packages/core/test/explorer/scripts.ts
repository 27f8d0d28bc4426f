/** Calls by their names, for configurations to be read as scripts. */
import type { Call } from "./calls.ts";

export const write = (epoch: number, vnode = 0): Call => ({ kind: "write", epoch, vnode });
export const complete = (epoch: number, unchanged?: readonly number[]): Call => ({
  kind: "complete",
  epoch,
  ...(unchanged === undefined ? {} : { unchanged }),
});
export const takeover = (version: number): Call => ({ kind: "takeover", version });
export const prune = (before: number): Call => ({ kind: "prune", before });
export const pruneAsOperator = (before: number): Call => ({ kind: "prune", before, asOperator: true });
export const abort = (epoch: number): Call => ({ kind: "abort", epoch });
export const latest: Call = { kind: "latest" };
export const sealedEpochs: Call = { kind: "sealedEpochs" };
export const read = (vnode = 0): Call => ({ kind: "read", vnode });
export const readPartial = (epoch: number, vnode = 0): Call => ({ kind: "readPartial", epoch, vnode });
export const writeNext: Call = { kind: "write", epoch: "next", vnode: 0 };
export const completeNext: Call = { kind: "complete", epoch: "next" };
