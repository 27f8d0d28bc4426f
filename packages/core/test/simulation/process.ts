import { copy, type CopyReport } from "../../src/copy/index.ts";
import { isStoreError, storeFailed } from "../../src/errors.ts";
import type { OpenOptions } from "../../src/open-options.ts";
import type { AttachmentReceipt, PartialReceipt } from "../../src/receipt.ts";
import type {
  ControlDescription,
  PartialBytes,
  EpochOutcome,
  PruneReport,
  SealedEpoch,
  StateBackend,
  Takeover,
  WritePartialArguments,
} from "../../src/state-backend.ts";
import type { Seal } from "../../src/seal.ts";
import { standby, type StandbyTakeover } from "../../src/standby/index.ts";
import type { ObjectStore, OperationOptions } from "../../src/store.ts";
import { verify } from "../../src/verify/index.ts";
import type { RetryOptions } from "../../src/retry.ts";
import { salting } from "../support/coded.ts";
import { keyed, keysOfReceipt } from "../support/keyed.ts";
import { type Asked, Beliefs } from "./beliefs.ts";
import { Connection, currentCall } from "./connection.ts";
import { textOf } from "./history.ts";
import { Link } from "./link.ts";
import { type CallKind, ObservedCall } from "./observed-call.ts";
import { sha256 } from "./repeatable-globals.ts";
import type { Surroundings } from "./surroundings.ts";

/** What a call returned, or its error's code; `given up` if its caller gave it up. */
export type Outcome<T> = { readonly value: T } | { readonly code: string; readonly error?: unknown };

export interface Attempt {
  readonly epoch: number;
  readonly parts: readonly (PartialReceipt | PartialBytes | number)[];
  readonly unchanged?: readonly number[];
  readonly attachments?: readonly AttachmentReceipt[];
  readonly base?: number | undefined;
}

export interface ProcessOptions {
  readonly ignoresCondition?: boolean;
  /** No request of it fails, and no call of it is given up. */
  readonly calm?: boolean;
}

/** One life of an instance: a backend, every call of which is observed. */
export class Process {
  readonly instanceId: string;
  incarnation = "";
  readonly claimed: Map<number, number> = new Map();
  readonly beliefs: Beliefs = new Beliefs();
  readonly #world: Surroundings;
  readonly #connection: Connection;
  readonly #isCalm: boolean;
  readonly #written = new Map<string, string>();
  /** Attempts that its calls have sent, those that have ended. */
  requests = 0;
  /** The newest seal that it has met: streams use its chunks again. */
  #known: Seal | undefined;
  #backend: StateBackend | undefined;
  /** No call of `standby` is given up but with it. */
  #isStanding = false;
  /** How often it has looked while it stood by. */
  looks = 0;

  constructor(world: Surroundings, instanceId: string, options: ProcessOptions = {}) {
    this.#world = world;
    this.instanceId = instanceId;
    this.#isCalm = options.calm === true;
    const link = new Link(world.clock, world.scale.rate);
    this.#connection = new Connection({ ...world, link, owner: instanceId, ...options });
  }

  get crashed(): boolean {
    return this.#connection.crashed;
  }

  /** From now on it gets no response. What it has sent may still arrive. */
  crash(): void {
    this.#connection.crashed = true;
  }

  /** Resolves when it has died of being about to send such a request. */
  dieBefore(request: RegExp): Promise<void> {
    return this.#connection.dieBefore(request);
  }

  /** Resolves when the schedule says so, after that many events. */
  turn(events = 0): Promise<void> {
    return new Promise((resolve) => {
      const run = (): string => {
        if (!this.crashed) resolve();
        return "goes on";
      };
      this.#world.scheduler.addLater({ owner: this.instanceId, run }, events);
    });
  }

  get version(): number {
    return this.#opened.authoritativeVersion;
  }

  get #opened(): StateBackend {
    if (this.#backend === undefined) throw new Error(`${this.instanceId} is not open`);
    return this.#backend;
  }

  open(options: Partial<OpenOptions> = {}): Promise<Outcome<StateBackend>> {
    const { random, open, scale } = this.#world;
    const { vnodeCapacity } = scale;
    return this.#call(
      "open",
      undefined,
      () =>
        open({
          store: this.#connection,
          instanceId: this.instanceId,
          vnodeCapacity,
          concurrency: random.pick([8, 8, 1]),
          verifyObjects: random.chance(0.3),
          codecs: this.#world.isCoded ? [salting()] : [],
          retry: this.#retry(),
          ...options,
        }),
      (backend, call) => {
        this.#backend = backend;
        this.incarnation = call.uuid ?? "";
      },
    );
  }

  #retry(): RetryOptions {
    const { clock, random, scale } = this.#world;
    const { attemptTimeoutMs } = scale;
    const attempts = random.pick([1, 1, 2, 3]);
    return clock.retry(this.#connection, { attempts, attemptTimeoutMs }, () => random.next());
  }

  write(
    epoch: number,
    vnode: number,
    short: string,
    version = this.version,
  ): Promise<Outcome<PartialReceipt>> {
    const text = short.padEnd(this.#world.scale.partialBytes);
    return this.#write(
      { epoch, vnode, assignmentVersion: version, bytes: new TextEncoder().encode(text) },
      text,
    );
  }

  /** Writes a stream, one of two for each vnode: what the newest seal that it knows has of it is used again. */
  stream(epoch: number, vnode: number): Promise<Outcome<PartialReceipt>> {
    const { random, traits } = this.#world;
    const text = `streamed ${vnode} ${random.below(2)}`;
    const known = this.#known;
    const reuse = known !== undefined && known.epoch < epoch && random.chance(0.8) ? known : undefined;
    const target = { epoch, vnode, assignmentVersion: this.version, bytes: streamOf(text), reuse };
    return this.#write(target, text, (receipt) => {
      if (keysOfReceipt(receipt).some((key) => !key.startsWith(`epoch=${epoch}/`)))
        traits.add("a chunk that is used again");
    });
  }

  #write(
    args: WritePartialArguments,
    text: string,
    judge: (receipt: PartialReceipt) => void = () => undefined,
  ): Promise<Outcome<PartialReceipt>> {
    const { epoch, vnode } = args;
    return this.#call(
      "write",
      epoch,
      (options) => this.#opened.writePartial(args, options),
      (receipt) => {
        this.#world.observer.wrote(receipt, text);
        this.#written.set(`${epoch}/${vnode}`, sha256(new TextEncoder().encode(text)));
        judge(receipt);
      },
    );
  }

  attach(epoch: number, name: string, text: string): Promise<Outcome<AttachmentReceipt>> {
    const bytes = new TextEncoder().encode(text);
    return this.#call(
      "write",
      epoch,
      (options) =>
        this.#opened.writeAttachment({ epoch, name, assignmentVersion: this.version, bytes }, options),
      (receipt) => this.#world.observer.wrote(receipt, text),
    );
  }

  complete(attempt: Attempt): Promise<Outcome<EpochOutcome>> {
    const { epoch, parts, unchanged = [], attachments = [], base } = attempt;
    const digests = new Map<string, string>();
    for (const part of parts) {
      const vnode = typeof part === "number" ? part : part.vnode;
      const digest = typeof part === "number" ? this.#written.get(`${epoch}/${vnode}`) : digestOf(part);
      if (digest !== undefined) digests.set(String(vnode), digest);
    }
    const asked: Asked = this.beliefs.ask(epoch, digests, unchanged, base);
    return this.#call(
      "complete",
      epoch,
      (options) => this.#opened.epochComplete(attempt, options),
      (outcome, call) => {
        asked.belief.state = outcome.complete ? "complete" : "refused";
        if (outcome.complete) this.#sealed(outcome.seal);
        if (outcome.complete && !call.hasListed)
          this.#world.traits.add("an epoch that is sealed without a look");
        const all = new Map(digests);
        for (const receipt of attachments) all.set(receipt.name, (receipt.plain ?? receipt).sha256);
        const expected = { digests: all, unchanged, unchangedDigests: asked.unchanged, base };
        this.#world.observer.completed(this, call, outcome, expected);
      },
      (code) => this.beliefs.failed(asked, code),
    );
  }

  #sealed(seal: Seal): void {
    const { traits } = this.#world;
    this.#known = seal;
    if (seal.partials.some(({ inline }) => inline !== undefined)) traits.add("a seal with bytes of vnodes");
    if (seal.partials.some(({ codec }) => codec !== undefined)) traits.add("a seal of what a codec wrote");
  }

  abort(epoch: number): Promise<Outcome<unknown>> {
    return this.#call(
      "abort",
      epoch,
      (options) => this.#opened.abort(epoch, options),
      () => this.#world.observer.aborted(epoch),
    );
  }

  takeover(version: number): Promise<Outcome<Takeover>> {
    return this.#call(
      "takeover",
      undefined,
      (options) => this.#opened.takeover({ version }, options),
      (taken, call) => {
        const { base } = taken;
        const { history, observer } = this.#world;
        this.claimed.set(version, history.view().tick);
        this.#known = base?.seal;
        const digests = keyed(base?.seal.partials ?? []).flatMap((entry): [string, string][] => {
          const { sha256: digest } = entry.plain ?? entry;
          return digest === undefined ? [] : [[String(entry.vnode), digest]];
        });
        this.beliefs.goOnFrom(base?.epoch ?? -1, new Map(digests));
        observer.tookOver(this, call, version, taken);
      },
    );
  }

  /** Stands by until it leads. Each call that it makes of the backend is judged. */
  async standby(patienceMs: number, signal: AbortSignal): Promise<Outcome<StandbyTakeover>> {
    const { clock, random } = this.#world;
    const backend = this.#opened;
    const observed: Partial<StateBackend> = {
      control: async () => {
        this.looks += 1;
        return valueOf(await this.control());
      },
      sealedEpochs: async (args) => valueOf(await this.sealedEpochs(args?.after)),
      latestCommittedEpoch: async () => valueOf(await this.latestCommittedEpoch()),
      takeover: async ({ version }) => valueOf(await this.takeover(version)),
    };
    const watched = new Proxy(backend, {
      get: (_, name) => Reflect.get(observed, name) ?? Reflect.get(backend, name, backend),
    });
    this.#isStanding = true;
    clock.isCaller(signal);
    const time = clock.standing(this.#connection);
    try {
      return {
        value: await standby(watched, { patienceMs, signal, clock: time, random: () => random.next() }),
      };
    } catch (error) {
      // Whoever has crashed is told nothing, nor that the season is over.
      if (this.crashed) return await forEver;
      return { code: codeOf(error), error };
    } finally {
      this.#isStanding = false;
    }
  }

  control(): Promise<Outcome<ControlDescription>> {
    return this.#call(
      "control",
      undefined,
      (options) => this.#opened.control(options),
      (control, call) => this.#world.readings.control(call, control),
    );
  }

  /** Looks at everything, whatever happens meanwhile. */
  verify(deep: boolean): Promise<Outcome<void>> {
    const { history, traits } = this.#world;
    return this.#call(
      "verify",
      undefined,
      async ({ signal }) => {
        try {
          const looking = verify({ store: this.#connection, deep, signal, retry: this.#retry() });
          for await (const { kind, severity, message } of looking)
            if (severity !== "notice") history.violate("verify", `${kind}: ${message}`);
        } catch (error) {
          // It may reject with the store's own error, which is judged like that of a call.
          throw isStoreError(error) ? storeFailed(error.message, error, { sealed: "unknown" }) : error;
        }
      },
      () => traits.add("a namespace that is verified while all act"),
    );
  }

  /** Copies one epoch, or all, into a store of its own. */
  copy(to: ObjectStore, epoch: number | undefined, pin: boolean): Promise<Outcome<CopyReport>> {
    const { instanceId } = this;
    const [from, retry] = [this.#connection, this.#retry()];
    return this.#call(
      "copy",
      undefined,
      ({ signal }) => copy({ from, to, instanceId, epoch, pin, signal, retry }),
      () => this.#world.traits.add("a copy that is made while all act"),
    );
  }

  /** What a copy says that it has. */
  copied(objects: ReadonlyMap<string, Uint8Array>, epochs: readonly number[]): void {
    for (const epoch of epochs) this.#world.readings.copied(epoch, objects);
  }

  copyIsDamaged(what: string): void {
    this.#world.history.violate("copy", what);
  }

  /** @param codes what it may fail with, beside a store that fails and a caller that gives up */
  copyFailed(code: string, codes: readonly string[]): void {
    if (![...codes, "StoreFailed", "OutcomeUnknown", "given up"].includes(code))
      this.#world.history.violate("copy", `a copy failed with ${code}`);
  }

  /** Whether somebody has claimed a higher version than it did. */
  get isDeposed(): boolean {
    return this.#world.history.fence > Math.max(0, ...this.claimed.keys());
  }

  /** Whether somebody with a higher version has sealed. */
  get isSucceeded(): boolean {
    const { history } = this.#world;
    return (history.seals.get(history.newest)?.version ?? 0) > Math.max(0, ...this.claimed.keys());
  }

  latest(): Promise<Outcome<SealedEpoch | undefined>> {
    return this.#call(
      "latest",
      undefined,
      (options) => this.#opened.latest(options),
      (handle, call) => {
        this.#known = handle?.seal;
        this.#world.readings.latest(call, handle);
      },
    );
  }

  latestCommittedEpoch(): Promise<Outcome<number | undefined>> {
    return this.#call(
      "latestCommittedEpoch",
      undefined,
      (options) => this.#opened.latestCommittedEpoch(options),
      (epoch, call) => this.#world.readings.newest(call, epoch),
    );
  }

  /** Reads a vnode, or an attachment by its name, of a handle. */
  read(handle: SealedEpoch, of: number | string): Promise<Outcome<Uint8Array | undefined>> {
    return this.#call(
      "read",
      handle.epoch,
      (options) => (typeof of === "number" ? handle.read(of, options) : handle.readAttachment(of, options)),
      (bytes) => this.#world.readings.read(handle.seal, String(of), bytes),
    );
  }

  readPartial(epoch: number, vnode: number): Promise<Outcome<Uint8Array | undefined>> {
    return this.#call(
      "readPartial",
      epoch,
      (options) => this.#opened.readPartial({ epoch, vnode }, options),
      (bytes, call) => this.#world.readings.readPartial(call, epoch, vnode, bytes),
    );
  }

  sealedEpochs(after: number | undefined): Promise<Outcome<readonly number[]>> {
    return this.#call(
      "sealedEpochs",
      undefined,
      (options) => this.#opened.sealedEpochs({ after }, options),
      (epochs, call) => this.#world.readings.sealedEpochs(call, after ?? -1, epochs),
    );
  }

  describe(epoch: number): Promise<Outcome<unknown>> {
    return this.#call(
      "describe",
      epoch,
      (options) => this.#opened.describeEpoch(epoch, options),
      (description, call) => this.#world.readings.described(call, description),
    );
  }

  prune(before: number, asOperator = false): Promise<Outcome<PruneReport>> {
    return this.#call(
      "prune",
      undefined,
      (options) => this.#opened.pruneBefore(before, { asOperator, ...options }),
      (report, call) => this.#world.observer.pruned(report, call),
    );
  }

  pin(epoch: number, name: string): Promise<Outcome<unknown>> {
    return this.#call(
      "pin",
      epoch,
      (options) => this.#opened.pin({ epoch, name }, options),
      () => this.#world.history.tellPinned(epoch, name),
    );
  }

  unpin(epoch: number, name: string): Promise<Outcome<void>> {
    this.#world.history.pins.letGo(epoch, name);
    return this.#call(
      "unpin",
      epoch,
      (options) => this.#opened.unpin({ epoch, name }, options),
      () => undefined,
    );
  }

  openPin(epoch: number, name: string): Promise<Outcome<SealedEpoch>> {
    const { history, traits } = this.#world;
    return this.#call(
      "openPin",
      undefined,
      (options) => this.#opened.openPin(name, options),
      (handle) => {
        if (history.recordOf(handle.seal)?.isStray !== false)
          history.violate("7", `openPin returned ${handle.epoch} with a seal that never counted`);
        if (handle.epoch < history.floor) traits.add("a pinned epoch below the floor");
      },
      (code) => {
        if (history.pins.has(epoch, name) && (code === "NotPinned" || code === "EpochPruned"))
          history.violate("12", `openPin failed with ${code}, and ${epoch} is pinned as ${name}`);
      },
    );
  }

  setAuthoritativeVersion(version: number): void {
    this.#opened.setAuthoritativeVersion(version);
  }

  close(): Promise<void> {
    return this.#opened.close();
  }

  async #call<T>(
    kind: CallKind,
    epoch: number | undefined,
    run: (options: OperationOptions) => Promise<T>,
    judge: (value: T, call: ObservedCall) => void,
    refused?: (code: string) => void,
  ): Promise<Outcome<T>> {
    const { history, observer, scheduler, random, givingUp, clock } = this.#world;
    const call = new ObservedCall(kind, epoch, history);
    const mayGiveUp = !this.#isCalm && !this.#isStanding && random.chance(0.1);
    const caller = new AbortController();
    clock.isCaller(caller.signal);
    if (mayGiveUp) givingUp.set(caller, this);
    const who = `${this.instanceId} ${kind} ${epoch ?? ""}`;
    scheduler.note(`${who} ...`);
    try {
      const value = await currentCall.run(call, () => run(mayGiveUp ? { signal: caller.signal } : {}));
      scheduler.note(`${who} = ${shown(value)}`);
      judge(value, call);
      return { value };
    } catch (error) {
      scheduler.note(`${who} = ${String(error)}`);
      observer.failed(this, call, error);
      const code = codeOf(error);
      refused?.(code);
      return { code, error };
    } finally {
      this.requests += call.requests;
      givingUp.delete(caller);
    }
  }
}

const forEver = new Promise<never>(() => undefined);

/** For whoever goes by errors. */
function valueOf<T>(outcome: Outcome<T>): T {
  if ("value" in outcome) return outcome.value;
  throw outcome.error;
}

function codeOf(error: unknown): string {
  return typeof error === "object" && error !== null && "code" in error ? String(error.code) : String(error);
}

function shown(value: unknown): string {
  if (value instanceof Uint8Array) return textOf(value);
  if (typeof value !== "object" || value === null) return String(value);
  if ("authoritativeVersion" in value) return "open";
  const text = JSON.stringify(value, (key, field: unknown) =>
    key === "seal" || key === "sha256" ? undefined : field,
  );
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

/** Of what was given. A stream here is one chunk. */
function digestOf(part: PartialReceipt | PartialBytes): string {
  if ("bytes" in part) return sha256(part.bytes);
  const [object = part] = part.chunks ?? [];
  return (object.plain ?? object).sha256;
}

async function* streamOf(text: string): AsyncGenerator<Uint8Array, void, undefined> {
  yield new TextEncoder().encode(text);
}
