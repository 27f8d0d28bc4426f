/** Calls by their names, for configurations to be read as scripts. */
import type { Call } from "./calls.ts";
import type { Stage } from "./configuration.ts";

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

/** Version 1, of a process that is gone, sealed these epochs, each whole. */
export function sealedBy(id: string, ...epochs: readonly number[]): (stage: Stage) => Promise<void> {
  return async (stage) => {
    await stage.open(id);
    await stage.call(id, takeover(1));
    for (const epoch of epochs) await stage.call(id, write(epoch, 0), write(epoch, 1), complete(epoch));
  };
}

export async function nothing(): Promise<void> {
  return undefined;
}

/** Opens a backend and lets it lead. */
export async function lead(
  stage: Stage,
  id: string,
  version: number,
  ...then: readonly Call[]
): Promise<void> {
  await stage.open(id);
  await stage.call(id, takeover(version), ...then);
}
