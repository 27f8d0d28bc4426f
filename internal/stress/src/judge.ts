import type { Call, Read, Refusal, Restored, Values } from "./messages.ts";
import { textOf } from "./messages.ts";

/** What was known before a call was sent: whatever it says happened before the call began. */
export interface Before {
  /** The highest epoch that some response has shown to be sealed; -1: none. */
  readonly sealed: number;
  /** The highest floor that a prune has returned. */
  readonly floor: number;
  /** The version of the last takeover that had returned. */
  readonly version: number;
}

export interface Sent {
  readonly backend: string;
  readonly call: Call;
  /** The version that the backend has claimed; 0: none. */
  readonly version: number;
  readonly before: Before;
}

/** The state that an attempt at an epoch seals, by vnode. */
export type State = ReadonlyMap<number, string>;

interface Takeover {
  readonly version: number;
  readonly base: number;
}

/** The codes that leave open what happened: nothing is wrong, and nothing is known. */
const undecided: ReadonlySet<string> = new Set(["OutcomeUnknown", "StoreFailed"]);

/**
 * Judges each response by what the parent of all processes knows. A response that it received before it sent a call
 * happened before that call. Of two calls that overlap neither is said to be first, so nothing here rests on a clock.
 */
export class Judge {
  readonly #attempts = new Map<number, Map<string, State>>();
  /** Epochs that are sealed, with the committer where a response has named it. */
  readonly #sealed = new Map<number, string | undefined>();
  readonly #voids = new Set<number>();
  /** `epoch backend`: attempts of which a response has said that they are not sealed. */
  readonly #denied = new Set<string>();
  readonly #takeovers: Takeover[] = [];
  readonly #highestComplete = new Map<number, number>();
  readonly #aborts = new Set<number>();
  /** Every list of sealed epochs that was returned, once each. */
  readonly #lists = new Set<string>();
  #highestSealed = -1;
  #floor = 0;
  /** The highest epoch below which any prune was asked to delete. */
  #horizon = 0;
  #versionAsked = 0;
  #versionReturned = 0;
  /** What is wrong, in words; the first thing that is wrong with the response. */
  #wrong: string | undefined;

  get before(): Before {
    return { sealed: this.#highestSealed, floor: this.#floor, version: this.#versionReturned };
  }

  /** Epochs that are known to be sealed, and were not asked to be pruned. */
  get retained(): readonly number[] {
    return [...this.#sealed.keys()].filter((epoch) => epoch >= this.#horizon);
  }

  /** Called before the call is sent. `state` is what a `seal` would seal. */
  send(call: Call, backend: string, state: State | undefined): void {
    if (call.name === "prune") this.#horizon = Math.max(this.#horizon, call.before);
    if (call.name === "takeover") this.#versionAsked = Math.max(this.#versionAsked, call.version);
    if (call.name === "abort") this.#aborts.add(call.epoch);
    if (call.name === "seal" && state !== undefined) {
      const attempts = this.#attempts.get(call.epoch) ?? new Map<string, State>();
      this.#attempts.set(call.epoch, attempts.set(backend, state));
    }
  }

  /** What the epoch holds, if it is known who sealed it. */
  stateOf(epoch: number): State | undefined {
    const committer = this.#sealed.get(epoch);
    return committer === undefined ? undefined : this.#attempts.get(epoch)?.get(committer);
  }

  /** What is wrong with the value that a call returned. */
  value(sent: Sent, value: unknown): string | undefined {
    this.#wrong = undefined;
    const { call, before } = sent;
    switch (call.name) {
      case "takeover":
        this.#takeover(call.version, before, value as Values["takeover"]);
        break;
      case "seal":
        this.#complete(sent, call.epoch, value as Values["seal"]);
        break;
      case "prune":
        this.#prune(sent, value as Values["prune"], call.asOperator);
        break;
      case "abort":
        this.#check(
          call.epoch >= before.floor,
          `epoch ${call.epoch} is void, below the floor ${before.floor}`,
        );
        this.#isVoid(call.epoch);
        break;
      case "latest":
        this.#latest(value as Values["latest"], call.vnode, before);
        break;
      case "sealedEpochs":
        this.#sealedEpochs(call.after, value as Values["sealedEpochs"], before);
        break;
      case "describe":
        this.#describe(call.epoch, value as Values["describe"], before);
        break;
      case "read": {
        const expected = this.stateOf(call.epoch)?.get(call.vnode);
        this.#check(value === expected, `read ${String(value)} and not ${String(expected)}`);
        break;
      }
      case "write":
        break;
    }
    return this.#wrong;
  }

  /** What is wrong with the error that a call rejected with. */
  error(sent: Sent, error: Refusal): string | undefined {
    this.#wrong = undefined;
    const { call, version, before } = sent;
    const { code = "no code" } = error;
    const epoch = "epoch" in call ? call.epoch : undefined;
    const isDeposed = this.#versionAsked > version;
    const mayBePruned = epoch !== undefined && this.#horizon > epoch;
    const allowed =
      undecided.has(code) ||
      (code === "StaleVersion" && isDeposed && ["takeover", "seal", "write", "prune"].includes(call.name)) ||
      (code === "EpochPruned" && mayBePruned) ||
      (code === "EpochSealed" && call.name === "abort") ||
      (code === "SplitBrainCommit" && call.name === "seal" && isDeposed) ||
      (code === "EpochAborted" && call.name === "seal" && (isDeposed || this.#aborts.has(call.epoch)));
    this.#check(allowed, `${code}: ${error.message}`);
    if (epoch !== undefined && error.sealed === "yes") {
      this.#check(epoch >= before.floor, `sealed, below the floor ${before.floor}`);
      this.#isSealed(epoch, undefined);
    }
    if (call.name === "seal" && code === "EpochAborted") this.#isVoid(call.epoch);
    if (call.name === "seal" && error.sealed === "no") {
      this.#denied.add(`${call.epoch} ${sent.backend}`);
      this.#check(
        this.#sealed.get(call.epoch) !== sent.backend,
        `epoch ${call.epoch} is not sealed, though ${sent.backend} has sealed it`,
      );
    }
    return this.#wrong;
  }

  /** What the lists of sealed epochs leave out, now that all that was sealed is known. */
  atTheEnd(): readonly string[] {
    const wrong: string[] = [];
    for (const list of this.#lists) {
      const gap = this.#gapIn(JSON.parse(list) as number[]);
      if (gap !== undefined) wrong.push(`sealedEpochs returned ${list}: ${gap} is missing`);
    }
    if (this.#floor > this.#highestSealed) wrong.push(`the floor ${this.#floor} is above every sealed epoch`);
    return wrong;
  }

  #takeover(version: number, before: Before, { base, nextEpoch }: Values["takeover"]): void {
    const epoch = base?.epoch ?? -1;
    this.#check(epoch >= before.sealed, `the base is ${epoch}, though ${before.sealed} was sealed`);
    this.#check(nextEpoch > epoch, `the next epoch is ${nextEpoch}, though ${epoch} is sealed`);
    if (base !== undefined) this.#restored(base, 0);
    for (const [lower, complete] of this.#highestComplete) {
      this.#check(
        lower >= version || complete <= epoch,
        `the base of version ${version} is ${epoch}, though version ${lower} completed ${complete}`,
      );
    }
    for (const other of this.#takeovers) {
      this.#check(
        other.version > version ? other.base >= epoch : other.base <= epoch,
        `the base of version ${version} is ${epoch}, and that of version ${other.version} is ${other.base}`,
      );
    }
    this.#takeovers.push({ version, base: epoch });
    this.#versionReturned = Math.max(this.#versionReturned, version);
  }

  #complete({ backend, version, before }: Sent, epoch: number, { complete }: Values["seal"]): void {
    this.#check(complete, `epoch ${epoch} is incomplete, though every receipt was passed`);
    this.#check(
      version >= before.version,
      `version ${version} completes ${epoch} after ${before.version} took over`,
    );
    this.#check(epoch > before.sealed, `completes ${epoch} after ${before.sealed} was sealed`);
    for (const { version: higher, base } of this.#takeovers) {
      this.#check(
        higher <= version || epoch <= base,
        `version ${version} completes ${epoch}, though version ${higher} took over at ${base}`,
      );
    }
    this.#isSealed(epoch, backend);
    this.#highestComplete.set(version, Math.max(epoch, this.#highestComplete.get(version) ?? -1));
  }

  #prune({ version, before }: Sent, { floor, failed }: Values["prune"], asOperator: boolean): void {
    this.#check(failed === 0, `${failed} deletes failed`);
    this.#check(floor >= before.floor, `the floor is ${floor}, though it was ${before.floor}`);
    this.#check(
      floor <= this.#horizon,
      `the floor is ${floor}, though nobody asked for more than ${this.#horizon}`,
    );
    this.#check(
      asOperator || version >= before.version,
      `version ${version} prunes after ${before.version} took over`,
    );
    this.#floor = Math.max(this.#floor, floor);
  }

  #latest(value: Values["latest"], vnode: number, before: Before): void {
    const epoch = value?.epoch ?? -1;
    this.#check(
      epoch >= before.sealed,
      `${value === undefined ? "nothing is sealed" : `the newest is ${epoch}`}, though ${before.sealed} was sealed`,
    );
    if (value !== undefined) this.#restored(value, vnode);
  }

  #sealedEpochs(after: number, epochs: Values["sealedEpochs"], before: Before): void {
    const said = JSON.stringify(epochs);
    const newest = epochs.at(-1) ?? -1;
    this.#check(
      before.sealed <= after || newest >= before.sealed,
      `returned ${said}, though ${before.sealed} was sealed`,
    );
    this.#check(
      epochs.every((epoch, index) => epoch > (epochs[index - 1] ?? after)),
      `returned ${said}, which does not ascend from ${after}`,
    );
    this.#check(
      (epochs[0] ?? Infinity) >= before.floor,
      `returned ${said}, with the floor at ${before.floor}`,
    );
    for (const epoch of epochs) this.#isSealed(epoch, undefined);
    const gap = this.#gapIn(epochs);
    this.#check(gap === undefined, `returned ${said}: ${String(gap)} is missing`);
    this.#lists.add(said);
  }

  #gapIn(epochs: readonly number[]): number | undefined {
    const there = new Set(epochs);
    for (let epoch = epochs[0] ?? 0; epoch < (epochs.at(-1) ?? 0); epoch += 1) {
      if (this.#sealed.has(epoch) && !there.has(epoch)) return epoch;
    }
    return undefined;
  }

  #describe(epoch: number, { state, missing, committer }: Values["describe"], before: Before): void {
    if (state === "pruned") {
      this.#check(this.#horizon > epoch, `epoch ${epoch} is pruned, though nobody asked for that`);
      return;
    }
    this.#check(epoch >= before.floor, `epoch ${epoch} is ${state}, below the floor ${before.floor}`);
    if (state === "sealed") {
      this.#check(missing.length === 0, `epoch ${epoch} is sealed and lacks ${missing.join(", ")}`);
      this.#isSealed(epoch, committer);
    } else if (state === "void") {
      this.#isVoid(epoch);
    } else {
      this.#check(
        epoch > before.sealed || !this.#sealed.has(epoch),
        `epoch ${epoch} is ${state}, and was sealed`,
      );
    }
  }

  #restored({ epoch, committer, ...read }: Restored, vnode: number): void {
    this.#isSealed(epoch, committer);
    this.#read(epoch, vnode, read);
  }

  #read(epoch: number, vnode: number, { text, error }: Read): void {
    if (error !== undefined) {
      const { code = "no code", message } = error;
      const allowed = undecided.has(code) || (code === "EpochPruned" && this.#horizon > epoch);
      this.#check(allowed, `a read of epoch ${epoch} rejected with ${code}: ${message}`);
      return;
    }
    const expected = this.stateOf(epoch)?.get(vnode);
    this.#check(
      text === expected,
      `vnode ${vnode} of epoch ${epoch} is ${String(text)} and not ${String(expected)}`,
    );
  }

  #isSealed(epoch: number, committer: string | undefined): void {
    this.#check(!this.#voids.has(epoch), `epoch ${epoch} is sealed, and was void`);
    const known = this.#sealed.get(epoch);
    this.#check(
      committer === undefined || known === undefined || known === committer,
      `epoch ${epoch} is sealed by ${String(committer)}, and was by ${String(known)}`,
    );
    if (committer !== undefined) {
      const attempted = this.#attempts.get(epoch)?.has(committer) === true;
      this.#check(attempted, `epoch ${epoch} is sealed by ${committer}, who never asked for that`);
      this.#check(
        !this.#denied.has(`${epoch} ${committer}`),
        `epoch ${epoch} is sealed by ${committer}, who was told that it is not`,
      );
    }
    this.#sealed.set(epoch, known ?? committer);
    this.#highestSealed = Math.max(this.#highestSealed, epoch);
  }

  #isVoid(epoch: number): void {
    this.#check(!this.#sealed.has(epoch), `epoch ${epoch} is void, and was sealed`);
    this.#voids.add(epoch);
  }

  #check(holds: boolean, wrong: string): void {
    if (!holds) this.#wrong ??= wrong;
  }
}

/** The state that a leader seals: what it writes, over what its newest seal holds. */
export function stateAfter(
  base: State | undefined,
  epoch: number,
  written: readonly number[],
  backend: string,
): State {
  const state = new Map(base);
  for (const vnode of written) state.set(vnode, textOf(epoch, vnode, backend));
  return state;
}
