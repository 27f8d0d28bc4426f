import type { PartialReceipt } from "../../src/receipt.ts";
import type { SealedEpoch, StateBackend, Takeover } from "../../src/state-backend.ts";

/** A number, or what the last `takeover` gave out and was not yet used. */
export type Epoch = number | "next";

/** What an actor calls. */
export type Call =
  | { readonly kind: "write"; readonly epoch: Epoch; readonly vnode: number; readonly text?: string }
  /** With the receipts of what this instance wrote in that epoch. */
  | { readonly kind: "complete"; readonly epoch: Epoch; readonly unchanged?: readonly number[] }
  | { readonly kind: "abort"; readonly epoch: number }
  | { readonly kind: "takeover"; readonly version: number }
  | { readonly kind: "latest" }
  /** Of the handle that `latest` or `takeover` gave last. */
  | { readonly kind: "read"; readonly vnode: number }
  | { readonly kind: "readPartial"; readonly epoch: number; readonly vnode: number }
  | { readonly kind: "sealedEpochs" }
  | { readonly kind: "prune"; readonly before: number; readonly asOperator?: boolean }
  | { readonly kind: "keep"; readonly keep: number };

export type CallKind = Call["kind"];

export interface Written {
  readonly receipt: PartialReceipt;
  readonly text: string;
}

/** What an instance wants an epoch to hold, by vnode. */
export interface Intent {
  readonly epoch: number;
  readonly texts: ReadonlyMap<number, string>;
  /** Whether it was told that this will not come to be. */
  isRefused: boolean;
}

/** One backend, and what whoever calls it remembers. */
export class Instance {
  /** Names it in the schedule. */
  readonly id: string;
  readonly incarnation: string;
  readonly backend: StateBackend;
  /** Identifies what the backend can know: the calls that began and the responses that came, in order. */
  chain = "";
  nextEpoch: number | undefined;
  handle: SealedEpoch | undefined;
  readonly written: Map<string, Written> = new Map();
  /** Versions whose takeover has returned, in that order. */
  readonly claimed: number[] = [];
  intents: Intent[] = [];

  constructor(id: string, incarnation: string, backend: StateBackend) {
    this.id = id;
    this.incarnation = incarnation;
    this.backend = backend;
  }

  epoch(epoch: Epoch): number {
    return epoch === "next" ? (this.nextEpoch ?? 0) : epoch;
  }

  /** What it wrote in an epoch. */
  parts(epoch: number): readonly Written[] {
    return [...this.written.values()].filter(({ receipt }) => receipt.epoch === epoch);
  }

  /** What it wants `epoch` to hold, given what it asked for before. */
  intend(epoch: number, unchanged: readonly number[]): Intent {
    const before = this.intents.filter((intent) => !intent.isRefused && intent.epoch < epoch);
    const base = before.toSorted((a, b) => b.epoch - a.epoch)[0];
    const texts = new Map(this.parts(epoch).map(({ receipt, text }) => [receipt.vnode, text]));
    for (const vnode of unchanged) {
      const text = base?.texts.get(vnode);
      if (text !== undefined) texts.set(vnode, text);
    }
    const intent: Intent = { epoch, texts, isRefused: false };
    this.intents.push(intent);
    return intent;
  }
}

export function textOfCall(call: Call): string {
  switch (call.kind) {
    case "write":
      return `writePartial ${call.epoch}/${call.vnode}`;
    case "complete":
      return `epochComplete ${call.epoch}${call.unchanged === undefined ? "" : ` unchanged ${call.unchanged.join(" ")}`}`;
    case "abort":
      return `abort ${call.epoch}`;
    case "takeover":
      return `takeover ${call.version}`;
    case "read":
      return `handle.read ${call.vnode}`;
    case "readPartial":
      return `readPartial ${call.epoch}/${call.vnode}`;
    case "prune":
      return `pruneBefore ${call.before}${call.asOperator === true ? " asOperator" : ""}`;
    case "keep":
      return `prune keep ${call.keep}`;
    case "latest":
    case "sealedEpochs":
      break;
  }
  return call.kind;
}

export async function perform(instance: Instance, call: Call, signal: AbortSignal): Promise<unknown> {
  const { backend } = instance;
  const options = { signal };
  switch (call.kind) {
    case "write":
      return write(instance, call, signal);
    case "complete": {
      const epoch = instance.epoch(call.epoch);
      const parts = instance.parts(epoch).map(({ receipt }) => receipt);
      return backend.epochComplete({ epoch, parts, unchanged: call.unchanged }, options);
    }
    case "abort":
      return backend.abort(call.epoch, options);
    case "takeover":
      return takenOver(instance, await backend.takeover({ version: call.version }, options));
    case "latest":
      instance.handle = await backend.latest(options);
      return instance.handle;
    case "read":
      return instance.handle?.read(call.vnode, options);
    case "readPartial":
      return backend.readPartial({ epoch: call.epoch, vnode: call.vnode }, options);
    case "sealedEpochs":
      return backend.sealedEpochs({}, options);
    case "keep":
      return backend.prune({ keep: call.keep }, options);
    case "prune":
      break;
  }
  return backend.pruneBefore(call.before, { ...options, asOperator: call.asOperator });
}

async function write(
  instance: Instance,
  call: Extract<Call, { readonly kind: "write" }>,
  signal: AbortSignal,
): Promise<PartialReceipt> {
  const { backend, id, written } = instance;
  const { vnode } = call;
  const epoch = instance.epoch(call.epoch);
  const text = call.text ?? `${id} wrote ${epoch}/${vnode}`;
  const bytes = new TextEncoder().encode(text);
  const assignmentVersion = backend.authoritativeVersion;
  const receipt = await backend.writePartial({ epoch, vnode, assignmentVersion, bytes }, { signal });
  written.set(`${epoch}/${vnode}`, { receipt, text });
  return receipt;
}

function takenOver(instance: Instance, taken: Takeover): Takeover {
  instance.handle = taken.base;
  instance.nextEpoch = taken.nextEpoch;
  return taken;
}
