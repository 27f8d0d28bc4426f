import type { GiveUp, OpenOptions, RecoverNamespace } from "../../src/open-options.ts";
import type { AttachmentReceipt, PartialReceipt } from "../../src/receipt.ts";
import type { SealedEpoch, StateBackend } from "../../src/state-backend.ts";
import { type Call, type Epoch, givenText } from "./calls.ts";

/** One write of a vnode. */
export interface Written {
  readonly epoch: number;
  readonly vnode: number;
  readonly text: string;
  /** Once the write has returned. */
  receipt: PartialReceipt | undefined;
}

export interface Attached {
  readonly receipt: AttachmentReceipt;
  readonly text: string;
}

/** What an instance wants an epoch to hold. */
export interface Intent {
  readonly epoch: number;
  /** By vnode: the texts that it may hold. What is still being written when the call begins may count or not. */
  readonly texts: ReadonlyMap<number, ReadonlySet<string>>;
  /** By name. */
  readonly attachments: ReadonlyMap<string, string>;
  /** The epoch that it asked for before, if that was not refused. */
  readonly base: number | undefined;
  /** Whether it was told that this will not come to be. */
  isRefused: boolean;
}

/** A backend as it was opened, and the incarnation that it is. */
export interface Opened {
  readonly backend: StateBackend;
  readonly incarnation: string;
}

/** One backend, and what whoever calls it remembers. */
export class Instance {
  /** Names it in the schedule. */
  readonly id: string;
  /** Identifies what the backend can know: the calls that began and the responses that came, in order. */
  chain = "";
  nextEpoch: number | undefined;
  handle: SealedEpoch | undefined;
  /** In the order in which they were asked for. */
  readonly written: Written[] = [];
  /** By epoch and name. */
  readonly attached: Map<string, Attached> = new Map();
  /** Versions whose takeover has returned, in that order. */
  readonly claimed: number[] = [];
  intents: Intent[] = [];
  acceptsListed = false;
  /** Whether it looks at each epoch before it seals it. */
  verifiesObjects = true;
  readonly #open: (options: Partial<OpenOptions>) => Promise<Opened>;
  /** Of the store, on the instance's own way to it. */
  readonly recover: (damage: GiveUp | RecoverNamespace) => Promise<unknown>;
  readonly #peer: (id: string) => Instance;
  #opened: Opened | undefined;

  constructor(
    id: string,
    open: (options: Partial<OpenOptions>) => Promise<Opened>,
    recover: (damage: GiveUp | RecoverNamespace) => Promise<unknown>,
    peer: (id: string) => Instance,
  ) {
    this.id = id;
    this.#open = open;
    this.recover = recover;
    this.#peer = peer;
  }

  async open(options: Partial<OpenOptions>): Promise<StateBackend> {
    this.acceptsListed = options.acceptListed === true;
    this.#opened = await this.#open(options);
    return this.#opened.backend;
  }

  get backend(): StateBackend {
    if (this.#opened === undefined) throw new Error(`${this.id} was not opened`);
    return this.#opened.backend;
  }

  /** Empty until it is open. */
  get incarnation(): string {
    return this.#opened?.incarnation ?? "";
  }

  epoch(epoch: Epoch): number {
    return epoch === "next" ? (this.nextEpoch ?? 0) : epoch;
  }

  /** The last write of each vnode in an epoch that has returned. */
  parts(epoch: number): readonly Written[] {
    const returned = this.written.filter((write) => write.epoch === epoch && write.receipt !== undefined);
    return [...new Map(returned.map((write) => [write.vnode, write])).values()];
  }

  /** The receipts that a call passes. */
  passed({ epoch, from, vnodes, numbers = [] }: Extract<Call, { kind: "complete" }>): readonly Written[] {
    const writer = from === undefined ? this : this.#peer(from);
    return writer
      .parts(this.epoch(epoch))
      .filter(({ vnode }) => vnodes?.includes(vnode) !== false && !numbers.includes(vnode));
  }

  attachmentsOf(epoch: number): readonly Attached[] {
    return [...this.attached.values()].filter(({ receipt }) => receipt.epoch === epoch);
  }

  /** What it wants `epoch` to hold, given what it asked for before. */
  intend(call: Extract<Call, { kind: "complete" }>): Intent {
    const epoch = this.epoch(call.epoch);
    const before = this.intents.filter((intent) => !intent.isRefused && intent.epoch < epoch);
    const highest = before.toSorted((a, b) => b.epoch - a.epoch)[0];
    const base = call.base === undefined ? highest : before.find((intent) => intent.epoch === call.base);
    const texts = new Map<number, ReadonlySet<string>>();
    for (const { vnode, text } of this.passed(call)) texts.set(vnode, new Set([text]));
    for (const vnode of call.given ?? []) texts.set(vnode, new Set([givenText(this.id, epoch, vnode)]));
    for (const vnode of call.numbers ?? []) {
      const own = this.lastWrites(epoch, vnode);
      if (own.size > 0) texts.set(vnode, own);
    }
    for (const vnode of call.unchanged ?? []) {
      const found = base?.texts.get(vnode);
      if (found !== undefined) texts.set(vnode, found);
    }
    const attached = this.attachmentsOf(epoch).map(({ receipt, text }) => [receipt.name, text] as const);
    const intent = {
      epoch,
      texts,
      attachments: new Map(attached),
      base: call.base ?? highest?.epoch,
      isRefused: false,
    };
    this.intents.push(intent);
    return intent;
  }

  /** The last write that has returned, and those that were asked for after it. */
  lastWrites(epoch: number, vnode: number): ReadonlySet<string> {
    const writes = this.written.filter((write) => write.epoch === epoch && write.vnode === vnode);
    const last = writes.findLastIndex(({ receipt }) => receipt !== undefined);
    return new Set(last < 0 ? [] : writes.slice(last).map(({ text }) => text));
  }
}
