/** Calls by their names, for configurations to be read as scripts. */
import type { Call, Epoch } from "./calls.ts";
import type { Stage } from "./configuration.ts";

export const write = (epoch: number, vnode = 0): Call => ({ kind: "write", epoch, vnode });
export const writeOther = (epoch: number): Call => ({ kind: "write", epoch, vnode: 0, text: "other" });
/** As a stream, which uses the chunks of the handle that the instance has got last again. */
export const stream = (epoch: Epoch, text: string, vnode = 0): Call => ({
  kind: "write",
  epoch,
  vnode,
  text,
  streams: true,
});
export const complete = (epoch: number, unchanged?: readonly number[]): Call => ({
  kind: "complete",
  epoch,
  ...(unchanged === undefined ? {} : { unchanged }),
});
/** Vnodes that are named by their number, without a receipt. */
export const completeNumbers = (epoch: number, ...numbers: readonly number[]): Call => ({
  kind: "complete",
  epoch,
  numbers,
  vnodes: [],
});
export const attach = (epoch: number, text?: string): Call => ({
  kind: "attach",
  epoch,
  ...(text === undefined ? {} : { text }),
});
export const takeover = (version: number): Call => ({ kind: "takeover", version });
export const prune = (before: number): Call => ({ kind: "prune", before });
export const pruneAsOperator = (before: number): Call => ({ kind: "prune", before, asOperator: true });
export const dryRun = (before: number): Call => ({ kind: "prune", before, asOperator: true, dryRun: true });
/** Prunes all but so many seals. */
export const keep = (seals: number): Call => ({ kind: "keep", keep: seals });
export const pin = (epoch: number, name?: string): Call => ({
  kind: "pin",
  epoch,
  ...(name === undefined ? {} : { name }),
});
export const unpin = (epoch: number): Call => ({ kind: "unpin", epoch });
export const openPin: Call = { kind: "openPin" };
export const abort = (epoch: number): Call => ({ kind: "abort", epoch });
export const describeEpoch = (epoch: number): Call => ({ kind: "describe", epoch });
export const open = (vnodeCapacity?: number): Call => ({
  kind: "open",
  ...(vnodeCapacity === undefined ? {} : { vnodeCapacity }),
});
export const openExisting: Call = { kind: "open", mustExist: true };
/** Of an epoch whose `_COMMIT` cannot be read. */
export const giveUp = (epoch: number, version: number): Call => ({ kind: "giveUp", epoch, version });
export const recoverNamespace = (vnodeCapacity: number): Call => ({
  kind: "recoverNamespace",
  vnodeCapacity,
});
export const sealedOf = (epoch: number): Call => ({ kind: "sealed", epoch });
export const epochStates: Call = { kind: "epochs" };
export const latest: Call = { kind: "latest" };
export const sealedEpochs: Call = { kind: "sealedEpochs" };
export const read = (vnode = 0): Call => ({ kind: "read", vnode });
export const readPartial = (epoch: number, vnode = 0): Call => ({ kind: "readPartial", epoch, vnode });
export const writeNext: Call = { kind: "write", epoch: "next", vnode: 0 };
export const completeNext: Call = { kind: "complete", epoch: "next" };
/** Vnode 1 is as it was. */
export const completeNextUnchanged: Call = { kind: "complete", epoch: "next", unchanged: [1] };

type Past = (stage: Stage) => Promise<void>;

/** Version 1, of a process that is gone, sealed these epochs, of vnode 0 alone. */
export function sealedBy(id: string, ...epochs: readonly number[]): Past {
  return sealed(id, epochs, [0]);
}

/** The same, of vnodes 0 and 1: whoever goes on names both. */
export function bothSealedBy(id: string, ...epochs: readonly number[]): Past {
  return sealed(id, epochs, [0, 1]);
}

function sealed(id: string, epochs: readonly number[], vnodes: readonly number[]): Past {
  return async (stage) => {
    await stage.open(id);
    await stage.call(id, takeover(1));
    for (const epoch of epochs)
      await stage.call(id, ...vnodes.map((vnode) => write(epoch, vnode)), complete(epoch));
  };
}

/** Version 1, of a process that is gone, sealed these epochs, each with the same chunk of vnode 0. */
export function streamedBy(id: string, text: string, ...epochs: readonly number[]): Past {
  return async (stage) => {
    await stage.open(id);
    await stage.call(id, takeover(1));
    for (const epoch of epochs) await stage.call(id, latest, stream(epoch, text), complete(epoch));
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
