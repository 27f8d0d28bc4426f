import { checkBoolean, checkFunction, checkInteger, checkObject } from "../arguments.ts";
import { type Control, isPinned } from "../control.ts";
import { checkNamespace, goBy, hasControls } from "../calls/open.ts";
import { isStateError } from "../errors.ts";
import { commitKey, epochPrefix, fenceKey, floorKey, namespaceKey, parseEpochFolder } from "../layout.ts";
import type { Namespace } from "../namespace.ts";
import { namespaceOf } from "../namespace-of.ts";
import { checkOpenOptions, type OpenOptions } from "../open-options.ts";
import type { Seal } from "../seal.ts";
import type { EpochState } from "../state-backend.ts";
import { controlFindings } from "./controls.ts";
import { type Finding, finding } from "./finding.ts";
import { folderFindings, type FolderState, type Looked, missing } from "./folder.ts";
import { type Found, type Look, lookAt, readFound, weightOf } from "./look.ts";
import { NamedObjects } from "./named-objects.ts";
import { baseFinding, chunkFindings, unreadable } from "./seals.ts";

export interface VerifyOptions extends Pick<
  OpenOptions,
  "store" | "concurrency" | "retry" | "onEvent" | "signal"
> {
  /** Reads every object that a seal names, and compares its SHA-256. Otherwise sizes are compared, as listings show them. */
  readonly deep?: boolean | undefined;
  /**
   * Goes on where another run stopped: its last `VerifyProgress.next`. Seals above are read again, and what they name is
   * not.
   */
  readonly from?: number | undefined;
  /**
   * Looks at so many of the newest epochs, and of older ones at what these name. What is left in older folders, and whether
   * their seals can be read, it does not see.
   */
  readonly limit?: number | undefined;
  /** Called with each epoch that is not pruned, from the newest down, once its seal was read. */
  readonly onEpoch?: ((epoch: VerifiedEpoch) => void) | undefined;
  /** Called after each epoch. */
  readonly onProgress?: ((progress: VerifyProgress) => void) | undefined;
}

export interface VerifiedEpoch {
  readonly epoch: number;
  readonly state: EpochState["state"];
  /** If it is sealed. */
  readonly seal: Seal | undefined;
}

export interface VerifyProgress {
  /** The epoch that was looked at last. */
  readonly epoch: number;
  /** Where another run would go on; `undefined` after the last epoch. */
  readonly next: number | undefined;
  /** Epochs, of them those that are sealed and not pruned, objects, and bytes of these, that were looked at so far. */
  readonly epochs: number;
  readonly sealed: number;
  readonly objects: number;
  readonly bytes: number;
}

/**
 * Looks at everything in a namespace, from its seals down, and names what is wrong. It writes nothing, and runs beside the
 * job: what is pruned meanwhile is no finding. Epochs are looked at from the newest down, and findings come in that order.
 *
 * Seals and the first pages of folders are read ahead, of at most `concurrency` epochs, and of fewer where the namespace
 * has many vnodes: about 8 MiB in all. Beside them memory holds about one seal, and with `deep` the objects that are read at
 * once.
 *
 * Bytes are compared as they are stored: no codec is needed, and none is tried.
 *
 * @throws `StateError` and `StoreError` if the store cannot be read
 */
export function verify(options: VerifyOptions): AsyncIterable<Finding> {
  checkObject("options", options);
  const { from, limit, onEpoch, onProgress, signal } = options;
  const deep = checkBoolean("deep", options.deep);
  if (from !== undefined) checkInteger("from", from, 0);
  if (limit !== undefined) checkInteger("limit", limit, 1);
  checkFunction("onEpoch", onEpoch);
  checkFunction("onProgress", onProgress);
  const checked = checkOpenOptions({ ...options, instanceId: "verify", readOnly: true });
  return new Verification(namespaceOf(checked), {
    deep,
    from: from ?? Infinity,
    limit: limit ?? Infinity,
    onEpoch,
    onProgress,
    signal,
  }).findings();
}

interface Request {
  readonly deep: boolean;
  readonly from: number;
  readonly limit: number;
  readonly onEpoch: VerifyOptions["onEpoch"];
  readonly onProgress: VerifyOptions["onProgress"];
  readonly signal: AbortSignal | undefined;
}

class Verification {
  readonly #namespace: Namespace;
  readonly #request: Request;
  readonly #named = new NamedObjects();
  readonly #looked: Looked = { objects: 0, bytes: 0 };
  #epochs = 0;
  #sealed = 0;
  #newest: Seal | undefined;
  /** The last seal, whose base is still to come, and whether all that came since is known to have no seal. */
  #above: { readonly seal: Seal; isFollowed: boolean } | undefined;
  #hasUnreadable = false;
  /** The epochs whose `_COMMIT` may be a seal. */
  readonly #known = new Set<number>();
  /** Whether there are older epochs than those that are asked for. */
  #isCut = false;

  constructor(namespace: Namespace, request: Request) {
    this.#namespace = namespace;
    this.#request = request;
  }

  async *findings(): AsyncGenerator<Finding, void, undefined> {
    const { signal, from, limit } = this.#request;
    let hasNamespace = await this.#readNamespace();
    const isFirst = from === Infinity;
    if (isFirst) yield* controlFindings(this.#namespace, signal);
    const control = await this.#namespace.readControl(signal);
    const epochs: number[] = [];
    for await (const found of this.#listRoot()) {
      if (typeof found === "number") epochs.push(found);
      else if (isFirst) yield found;
    }
    epochs.sort((a, b) => a - b);
    if (epochs.length > limit) {
      this.#isCut = true;
      epochs.splice(0, epochs.length - limit);
    }
    yield* this.#each(epochs, control);
    if (!this.#isCut) yield* this.#base(undefined, control);
    // The newest seal was read after the first look: its fence, and what is pinned, are looked for now.
    const { fence, pins, floor } = await this.#namespace.readControl(signal);
    // A job that has begun meanwhile has created it.
    hasNamespace ||= await this.#readNamespace();
    // A prune that ran meanwhile has kept a seal, which was read before it was one.
    const wasPruned = floor > control.floor;
    yield* this.#whole({ ...control, fence }, { hasNamespace, wasPruned });
    for (const { epoch, key } of pins) yield* this.#pin(epoch, key);
  }

  /** Takes them from `epochs`, which ascend. What is read ahead is in the same order. */
  async *#each(epochs: number[], control: Control): AsyncGenerator<Finding, void, undefined> {
    const { signal, from } = this.#request;
    const namespace = this.#namespace;
    const ahead = namespace.mapChunks(
      epochs.toReversed().values(),
      () => weightOf(namespace),
      signal,
      (epoch, stop) => lookAt(namespace, epoch, epoch <= from, stop),
    );
    try {
      for (;;) {
        const epoch = Math.max(epochs.at(-1) ?? -1, this.#named.highest);
        if (epoch < 0) break;
        const isListed = epochs.at(-1) === epoch;
        let look: Look | undefined;
        if (isListed) {
          epochs.pop();
          const { value } = await ahead.next();
          if (value !== undefined) look = await this.#fresh(epoch, value, control);
        }
        yield* this.#epoch(epoch, look, control);
        const next = Math.max(epochs.at(-1) ?? -1, this.#named.highest);
        this.#tell(epoch, next < 0 ? undefined : next);
      }
    } finally {
      await ahead.return();
    }
  }

  /**
   * What was read ahead, unless it is too old: an epoch that had no seal then, and that a seal which was read later goes on
   * from, has been sealed in between. Below the floor nothing is sealed any more.
   */
  async #fresh(epoch: number, look: Look, { floor }: Control): Promise<Look> {
    if (look.found.kind !== "absent" || epoch < floor) return look;
    if (!this.#named.has(epoch) && this.#above?.seal.base !== epoch) return look;
    const { signal, from } = this.#request;
    return lookAt(this.#namespace, epoch, epoch <= from, signal);
  }

  async #readNamespace(): Promise<boolean> {
    const namespace = this.#namespace;
    const { client } = namespace;
    const body = await client.get(namespaceKey, client.operation(this.#request.signal));
    if (body === undefined) return false;
    try {
      goBy(namespace, checkNamespace(body, undefined));
    } catch (error) {
      // What is wrong with it is a finding of its own.
      if (!isStateError(error)) throw error;
    }
    return true;
  }

  /** The epochs that have a folder, and what is not of the protocol. */
  async *#listRoot(): AsyncGenerator<number | Finding, void, undefined> {
    const { signal } = this.#request;
    for await (const { objects, prefixes } of this.#namespace.client.list("", { delimiter: "/", signal })) {
      const foreign = objects.map(({ key, size }) => ({ key, bytes: size }));
      for (const prefix of prefixes) {
        const epoch = parseEpochFolder(prefix);
        if (epoch !== undefined) yield epoch;
        else if (prefix !== "_control/") foreign.push({ key: prefix, bytes: 0 });
      }
      for (const subject of foreign)
        yield finding(
          "foreign",
          `${subject.key} is not of the protocol: nothing reads or deletes it`,
          subject,
        );
    }
  }

  /** @param look `undefined` if it has no folder, or is older than what is asked for, and seals name objects in it */
  async *#epoch(
    epoch: number,
    look: Look | undefined,
    control: Control,
  ): AsyncGenerator<Finding, void, undefined> {
    const { signal, deep, from } = this.#request;
    const isAsked = epoch <= from;
    const isListed = look !== undefined;
    const isOlder = !isListed && this.#isCut;
    const found: Found = look?.found ?? { kind: "absent" };
    if (found.kind === "seal" || found.kind === "unreadable") this.#known.add(epoch);
    // Of a pinned epoch below the floor the seal counts, as long as there is one.
    const isKept = isPinned(epoch, control) && (found.kind === "seal" || found.kind === "unreadable");
    const isBelow = epoch < control.floor && !isKept;
    const seal = found.kind === "seal" && !isBelow ? found.seal : undefined;
    if (seal !== undefined) {
      if (isAsked) {
        yield* chunkFindings(seal);
        yield* this.#base(seal, control);
      }
      // The run that stopped here had not come to the base of the last one.
      this.#above = { seal, isFollowed: true };
      this.#named.add(seal);
      this.#newest ??= seal;
      this.#sealed += 1;
    }
    const isNewest = this.#newest === undefined;
    if (found.kind === "unreadable" && !isBelow) {
      this.#hasUnreadable = true;
      if (this.#above !== undefined) this.#above.isFollowed = false;
      if (isAsked) yield unreadable(epoch, found.error, isNewest);
    }
    if (isListed && !isBelow) this.#show(epoch, found);
    const named = this.#named.take(epoch);
    this.#epochs += 1;
    if (!isAsked) return;
    const isLost = found.kind === "absent" && !isBelow && named.size > 0;
    if (isLost && isListed && !(await this.#isPrunedNow(epoch))) yield sealMissing(epoch);
    // What an older epoch's own seal names is not known.
    const state = isOlder ? "unreadable" : isBelow ? "below-the-floor" : stateOf(found, isNewest);
    const pages = look?.pages ?? this.#namespace.client.list(epochPrefix(epoch), { signal });
    yield* folderFindings(this.#namespace, { epoch, state, named, pages }, deep, this.#looked, signal);
    if (named.size === 0) return;
    // A prune publishes its floor before it deletes.
    const { floor, pins } = await this.#namespace.readControl(signal);
    for (const [key, as] of named) {
      const isNamed = as.to >= floor || pins.some((pin) => pin.epoch >= as.from && pin.epoch <= as.to);
      if (isNamed) yield missing(key, as);
    }
  }

  #show(epoch: number, { kind, ...rest }: Found): void {
    const seal = "seal" in rest ? rest.seal : undefined;
    this.#request.onEpoch?.({ epoch, state: shown[kind], seal });
  }

  async #isPrunedNow(epoch: number): Promise<boolean> {
    return (await this.#namespace.readControl(this.#request.signal)).floor > epoch;
  }

  /** Compares the last seal with the one below it. */
  async *#base(below: Seal | undefined, control: Control): AsyncGenerator<Finding, void, undefined> {
    if (this.#above === undefined) return;
    const { seal, isFollowed } = this.#above;
    if (baseFinding(seal, below, control.floor, isFollowed) === undefined) return;
    // What it goes on from may have been pruned meanwhile.
    const { floor } = await this.#namespace.readControl(this.#request.signal);
    const found = baseFinding(seal, below, floor, isFollowed);
    if (found !== undefined) yield found;
  }

  /** What only all epochs together show. */
  *#whole(
    control: Control,
    { hasNamespace, wasPruned }: { readonly hasNamespace: boolean; readonly wasPruned: boolean },
  ): Generator<Finding, void, undefined> {
    const newest = this.#newest;
    const { floor, fence } = control;
    if (!hasNamespace && (hasControls(control) || (newest?.format ?? 0) > 0 || this.#hasUnreadable)) {
      const message = `${namespaceKey} is gone: nobody opens the namespace, so that nothing is restored or sealed`;
      yield finding("namespace-missing", message, { key: namespaceKey });
    }
    const isLeft = newest !== undefined && newest.epoch >= floor;
    if (floor > 0 && !this.#hasUnreadable && !this.#isCut && !isLeft && !wasPruned) {
      const message = `no epoch is sealed at or above the floor ${floor}: nobody restores or takes over`;
      yield finding("no-seal-left", message, { key: floorKey(floor) });
    }
    const version = newest?.assignmentVersion ?? 0;
    if (newest === undefined || version <= fence) return;
    const key = fenceKey(version);
    const message = `epoch ${newest.epoch} was sealed under version ${version}, and the highest fence is ${fence}`;
    // Without takeover there are no fences, and no version is claimed.
    const isClaimed = fence > 0 || newest.base !== undefined;
    const means = isClaimed ? "a fence was deleted" : "a fence was deleted, or leaders do not call takeover";
    yield finding("fence-missing", `${message}: ${means}`, {
      key,
      epoch: newest.epoch,
      ...(isClaimed ? {} : { severity: "notice" }),
    });
  }

  async *#pin(epoch: number, key: string): AsyncGenerator<Finding, void, undefined> {
    if (this.#request.from !== Infinity || this.#known.has(epoch)) return;
    const found = await readFound(this.#namespace, epoch, this.#request.signal);
    if (found.kind === "seal" || found.kind === "unreadable") return;
    yield finding("pin-on-nothing", `${key} pins epoch ${epoch}, which has no seal`, { key, epoch });
  }

  #tell(epoch: number, next: number | undefined): void {
    const { onProgress } = this.#request;
    onProgress?.({ epoch, next, epochs: this.#epochs, sealed: this.#sealed, ...this.#looked });
  }
}

const shown = {
  seal: "sealed",
  void: "void",
  "given-up": "given-up",
  unreadable: "unreadable",
  absent: "open",
} as const;

function sealMissing(epoch: number): Finding {
  const key = commitKey(epoch);
  const message = `${key} is gone, and later seals name objects of ${epochPrefix(epoch)}: it was sealed. It cannot be restored, and later epochs can; or the floor that was above it is gone`;
  return finding("seal-missing", message, { key, epoch });
}

function stateOf({ kind }: Found, isAboveAll: boolean): FolderState {
  if (kind === "seal") return "sealed";
  if (kind === "unreadable") return kind;
  return kind === "absent" && isAboveAll ? "open" : "unsealed";
}
