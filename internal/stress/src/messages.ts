import type { EpochDescription, Sealed, StateErrorCode } from "@state/core";

/** The vnodes of the job. */
export const vnodeCapacity = 3;

/** A call that a process is to make, of one of its backends. */
export type Call =
  | { readonly name: "takeover"; readonly version: number }
  | {
      readonly name: "seal";
      readonly epoch: number;
      readonly version: number;
      readonly written: readonly number[];
      readonly unchanged: readonly number[];
    }
  /** Writes a partial and seals nothing: the next takeover meets an open epoch. */
  | { readonly name: "write"; readonly epoch: number; readonly version: number }
  | { readonly name: "prune"; readonly before: number; readonly asOperator: boolean }
  | { readonly name: "abort"; readonly epoch: number }
  | { readonly name: "latest"; readonly vnode: number }
  | { readonly name: "sealedEpochs"; readonly after: number }
  | { readonly name: "describe"; readonly epoch: number }
  | { readonly name: "read"; readonly epoch: number; readonly vnode: number };

export interface Request {
  readonly id: number;
  /** The backend's `instanceId`; the process opens it if it has none of that name. */
  readonly backend: string;
  readonly readOnly: boolean;
  /** Closes the backend after the call. */
  readonly last: boolean;
  readonly call: Call;
}

/** What was read of a sealed epoch. */
export interface Read {
  readonly text?: string | undefined;
  readonly error?: Refusal | undefined;
}

/** A sealed epoch, and one of its vnodes. */
export interface Restored extends Read {
  readonly epoch: number;
  readonly committer: string;
}

export interface Values {
  readonly takeover: { readonly base?: Restored | undefined; readonly nextEpoch: number };
  readonly seal: { readonly complete: boolean };
  readonly write: undefined;
  readonly prune: { readonly floor: number; readonly failed: number };
  readonly abort: undefined;
  readonly latest: Restored | undefined;
  readonly sealedEpochs: readonly number[];
  readonly describe: Pick<EpochDescription, "state" | "missing"> & {
    readonly committer?: string | undefined;
  };
  readonly read: string | undefined;
}

/** An error of core's; `code` is left out for any other error. */
export interface Refusal {
  readonly code?: StateErrorCode | undefined;
  readonly sealed?: Sealed | undefined;
  readonly message: string;
}

export type Response = { readonly id: number } & ({ readonly value: unknown } | { readonly error: Refusal });

/** What a backend writes into a vnode: the epoch, the vnode and its own name. */
export function textOf(epoch: number, vnode: number, backend: string): string {
  return `${epoch}/${vnode}/${backend}`;
}
