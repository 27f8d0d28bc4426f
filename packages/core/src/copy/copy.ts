import { checkBoolean, checkFunction, checkInteger, checkObject } from "../arguments.ts";
import { sameBytes, unshared } from "../bytes.ts";
import { checkNamespace, goBy } from "../calls/open.ts";
import { pin, unpin } from "../calls/pins.ts";
import { sealedEpochs } from "../calls/sealed-epochs.ts";
import { interpret, readCommitBody, sealOf } from "../commit.ts";
import { outcomeOf } from "../concurrency.ts";
import { type Control, pruned as prunedError } from "../control.ts";
import { ensure, notCreated } from "../create-or-read-back.ts";
import { asErrorOfCall, isStateError, StateError } from "../errors.ts";
import { encodeJson } from "../json.ts";
import { commitKey, epochPrefix, fenceKey, floorKey, namespaceKey } from "../layout.ts";
import { Leadership } from "../leadership.ts";
import type { Namespace } from "../namespace.ts";
import { namespaceOf } from "../namespace-of.ts";
import { checkOpenOptions, type OpenOptions } from "../open-options.ts";
import { isChunked, keysOf, type Seal } from "../seal.ts";
import { sha256Hex } from "../sha256.ts";
import type { ObjectStore } from "../store.ts";

export interface CopyOptions extends Pick<OpenOptions, "instanceId" | "concurrency" | "retry" | "signal"> {
  readonly from: ObjectStore;
  /** Empty, or what an earlier copy of the same checkpoints has come to. */
  readonly to: ObjectStore;
  /** One sealed epoch. Default: every epoch that is sealed and not pruned, and those that are pinned. */
  readonly epoch?: number | undefined;
  /**
   * Pins each epoch in `from` while it is copied, so that no prune takes its objects away. Default `true`. Without it
   * `from` is only read, and an epoch that is pruned meanwhile ends the copy.
   *
   * The pin is named by `instanceId` and the name of `to`: a copy that was killed leaves one, which the same call takes
   * over, and removes. Of two such calls at once, the one that ends first removes the pin of both.
   */
  readonly pin?: boolean | undefined;
  /** Called after each object and each epoch. */
  readonly onProgress?: ((progress: CopyProgress) => void) | undefined;
}

export interface CopyProgress {
  /** The epoch that is copied. */
  readonly epoch: number;
  /** Objects that were written to `to`. */
  readonly objects: number;
  readonly bytes: number;
  /** Objects of a copy that was interrupted, which were read there and found right. */
  readonly found: number;
}

export interface CopyReport extends Omit<CopyProgress, "epoch"> {
  /** The epochs that `to` has now, ascending. */
  readonly epochs: readonly number[];
}

/**
 * Copies sealed epochs, byte for byte and key by key, epoch by epoch in ascending order. Each object is compared with its
 * seal's SHA-256 before it is written; an epoch is sealed in `to` once all that it names is there. If it is interrupted, the
 * same call goes on: what is there is read and compared.
 *
 * A job that goes on from `to` calls `takeover` there. Nothing keeps another one from going on from `from`: end that first.
 *
 * @throws `StateError`: `Corrupt`, `PartialLost` for what is damaged in `from`; `SealMismatch` if `to` holds anything else;
 *   `StaleVersion` if somebody leads there; `NotSealed`, `EpochPruned`, `NamespaceAbsent`, `OutcomeUnknown`, `StoreFailed`
 */
export async function copy(options: CopyOptions): Promise<CopyReport> {
  checkObject("options", options);
  const { from, to, onProgress, instanceId } = options;
  const pins = checkBoolean("pin", options.pin ?? true);
  const epoch = options.epoch === undefined ? undefined : checkInteger("epoch", options.epoch, 0);
  checkFunction("onProgress", onProgress);
  const { concurrency, retry, signal } = options;
  const common = { instanceId, concurrency, retry, signal, readOnly: true };
  const source = namespaceOf(checkOpenOptions({ ...common, store: from }));
  const target = namespaceOf(checkOpenOptions({ ...common, store: to }));
  const pinName = await pinNameOf(instanceId, target.client.name);
  const leadership = new Leadership(instanceId);
  const copying = new Copying(source, target, leadership, { pins, pinName, onProgress }, signal);
  try {
    return await copying.run(epoch);
  } catch (error) {
    const where = `copy from ${source.client.name} to ${target.client.name}`;
    throw asErrorOfCall(error, where, { sealed: "unknown", epoch }, signal);
  }
}

/** The same for the same copy, so that it finds what it left behind when it was killed. */
async function pinNameOf(instanceId: string, target: string): Promise<string> {
  const digest = await sha256Hex(new TextEncoder().encode(JSON.stringify([instanceId, target])));
  return `copy-${digest.slice(0, 16)}`;
}

/** A pin of any copy: it is gone when the copy is done. */
function isOfCopy({ name }: { readonly name: string }): boolean {
  return /^copy-[0-9a-f]{16}$/.test(name);
}

/** How a copy pins, and whom it tells. */
interface Manner extends Pick<CopyOptions, "onProgress"> {
  readonly pins: boolean;
  readonly pinName: string;
}

/** An object as a seal describes it. */
interface Described {
  readonly key: string;
  readonly size: number;
  readonly sha256: string | undefined;
}

class Copying {
  readonly #source: Namespace;
  readonly #target: Namespace;
  readonly #leadership: Leadership;
  readonly #options: Manner;
  readonly #signal: AbortSignal | undefined;
  /** Keys that the last epoch named which is sealed in the target: they are there. */
  #present: ReadonlySet<string> = new Set();
  /** The epochs that were sealed in the target before. */
  readonly #sealedThere = new Set<number>();
  /** The highest that this copy has published there. */
  #floor = 0;
  /** The highest that this copy has looked for there. */
  #fence = 0;
  #objects = 0;
  #bytes = 0;
  #found = 0;

  constructor(
    source: Namespace,
    target: Namespace,
    leadership: Leadership,
    options: Manner,
    signal: AbortSignal | undefined,
  ) {
    this.#source = source;
    this.#target = target;
    this.#leadership = leadership;
    this.#options = options;
    this.#signal = signal;
  }

  async run(only: number | undefined): Promise<CopyReport> {
    const { client } = this.#source;
    const namespace = await client.get(namespaceKey, client.operation(this.#signal));
    if (namespace !== undefined) goBy(this.#source, checkNamespace(namespace, undefined));
    const control = await this.#source.readControl(this.#signal);
    const epochs = only === undefined ? await this.#allEpochs(control) : [only];
    if (epochs.length === 0) {
      const message = `nothing is sealed in ${client.name}`;
      throw new StateError("NamespaceAbsent", message, { sealed: "unknown", key: namespaceKey });
    }
    await this.#checkTarget(control);
    if (namespace !== undefined) await this.#write(namespaceKey, namespace);
    await this.#copyFence(control.fence);
    // Epochs may have been pruned since control was read, and are not among `epochs`: the floor in the target says so.
    let { floor } = only === undefined ? await this.#source.readControl(this.#signal) : control;
    const copied: number[] = [];
    for (const epoch of epochs) {
      // What is below it in the target is not missing, but pruned.
      const floorThere = only ?? Math.min(epoch, floor);
      if (await this.#epoch(epoch, floorThere, control, only !== undefined)) copied.push(epoch);
      else ({ floor } = await this.#source.readControl(this.#signal));
    }
    const { pins, pinName: name } = this.#options;
    // An earlier run of this copy was killed, and had pinned another epoch than this run has come by.
    if (pins && control.pins.some((other) => other.name === name))
      await unpin(this.#source, { name }, undefined);
    const [objects, bytes, found] = [this.#objects, this.#bytes, this.#found];
    return { epochs: copied, objects, bytes, found };
  }

  /** Ascending: those below the floor are pinned. */
  async #allEpochs({ floor, pins }: Control): Promise<readonly number[]> {
    const sealed = await sealedEpochs(this.#source, -1, this.#signal);
    const lasting = pins.filter((other) => !isOfCopy(other));
    const below = lasting.map(({ epoch }) => epoch).filter((epoch) => epoch < floor);
    return [...new Set([...below, ...sealed])].toSorted((a, b) => a - b);
  }

  /**
   * Nothing is written to what is no copy of the source.
   *
   * @throws `StaleVersion` if somebody leads in the target who does not in the source; `SealMismatch` if an epoch is
   *   another one there
   */
  async #checkTarget({ fence, floor }: Control): Promise<void> {
    const there = await this.#target.readControl(this.#signal);
    if (there.fence > fence) {
      const message = `version ${there.fence} leads in ${this.#target.client.name}, and ${fence} in ${this.#source.client.name}: a job has gone on there`;
      const details = { sealed: "unknown", version: there.fence, next: emptyTarget } as const;
      throw new StateError("StaleVersion", message, details);
    }
    const pruned: number[] = [];
    await this.#target.map(await this.#target.listEpochs(this.#signal), async (epoch) => {
      const copied = await readCommitBody(this.#target, epoch, this.#signal);
      if (copied === undefined) return;
      const original = await readCommitBody(this.#source, epoch, this.#signal);
      // What the source has pruned since cannot be compared any more.
      if (original === undefined && epoch < floor) pruned.push(epoch);
      else if (original === undefined || !sameBytes(copied, original))
        throw this.#isAnother(commitKey(epoch), epoch);
      else this.#sealedThere.add(epoch);
    });
    // Then an epoch that both have shows that it is a copy, or nothing does.
    const [unknown] = this.#sealedThere.size === 0 ? pruned : [];
    if (unknown !== undefined) throw this.#isAnother(commitKey(unknown), unknown);
  }

  /** @returns whether it is in the target now: one of many may be pruned before its turn comes */
  async #epoch(epoch: number, floor: number, control: Control, isAlone: boolean): Promise<boolean> {
    const { pinName: name } = this.#options;
    const there = control.pins.filter((other) => other.epoch === epoch);
    // Another copy takes its pin away when it is done.
    const pins = this.#options.pins && there.every((other) => isOfCopy(other));
    const isLeft = there.some((other) => other.name === name);
    try {
      if (pins && !isLeft) await pin(this.#source, this.#leadership, { epoch, name }, this.#signal);
    } catch (error) {
      if (!isAlone && isStateError(error) && error.code === "EpochPruned") return false;
      throw error;
    }
    const copied = await outcomeOf(this.#copyPinned(epoch, floor, control));
    // If it was aborted, the pin goes all the same.
    const unpinned = pins ? await outcomeOf(unpin(this.#source, { epoch, name }, undefined)) : undefined;
    if (copied.status === "rejected") {
      const pruned = await this.#prunedMeanwhile(epoch, copied.reason);
      if (pruned !== undefined && !isAlone) return false;
      throw pruned ?? copied.reason;
    }
    if (unpinned?.status === "rejected") throw unpinned.reason;
    return true;
  }

  /** Whether what is missing was pruned: somebody else's pin, which kept the epoch, was let go of. */
  async #prunedMeanwhile(epoch: number, error: unknown): Promise<StateError | undefined> {
    if (!isStateError(error) || (error.code !== "NotSealed" && error.code !== "PartialLost"))
      return undefined;
    const { floor, pins } = await this.#source.readControl(this.#signal);
    if (epoch >= floor || pins.some((other) => other.epoch === epoch && !isOfCopy(other))) return undefined;
    return prunedError(epoch, floor, { cause: error });
  }

  async #copyPinned(epoch: number, floor: number, control: Control): Promise<void> {
    const key = commitKey(epoch);
    const body = await readCommitBody(this.#source, epoch, this.#signal);
    const seal = body === undefined ? undefined : await this.#sealIn(epoch, body);
    if (body === undefined || seal === undefined) {
      if (epoch < floor) throw prunedError(epoch, floor);
      const details = { sealed: "unknown", epoch, key, next: "Copy an epoch that is sealed" } as const;
      throw new StateError("NotSealed", `epoch ${epoch} has no seal`, details);
    }
    // Also of an epoch that is there: it may have been pinned since. A floor that is copied later must not hide it.
    for (const other of control.pins)
      if (other.epoch === epoch && !isOfCopy(other)) await this.#copyControl(other.key);
    if (!this.#sealedThere.has(epoch)) {
      // It may have been sealed by a leader that has taken over since control was read.
      await this.#copyFence(seal.assignmentVersion ?? 0);
      await this.#copyObjects(seal);
      await this.#raiseFloor(floor);
      // Whoever reads the target sees an epoch only once all that it names is there.
      await this.#write(key, body);
    }
    this.#present = new Set(keysOf(seal));
    this.#tell(epoch);
  }

  async #raiseFloor(floor: number): Promise<void> {
    if (floor <= this.#floor) return;
    await this.#ensure(floorKey(floor), encodeJson({ format: 1, floor, at: Date.now() }));
    this.#floor = floor;
  }

  async #sealIn(epoch: number, body: Uint8Array): Promise<Seal | undefined> {
    const commit = await interpret(this.#source, epoch, body, this.#signal);
    return sealOf(this.#source, epoch, commit, this.#signal);
  }

  async #copyObjects(seal: Seal): Promise<void> {
    const { epoch } = seal;
    const wanted = describedBy(seal).filter(({ key }) => !this.#present.has(key));
    const sizes = await this.#sizesThere(seal);
    const work = this.#source.mapChunks(
      wanted.values(),
      ({ size }) => size,
      this.#signal,
      async (object, signal) => {
        const size = sizes.get(object.key);
        if (size === object.size && (await this.#isThere(object, signal))) this.#found += 1;
        else await this.#copyObject(object, epoch, signal);
        this.#tell(epoch);
      },
    );
    for await (const _ of work);
  }

  /** What is in the target of the folders that the seal's objects are in. */
  async #sizesThere(seal: Seal): Promise<ReadonlyMap<string, number>> {
    const folders = new Set<string>();
    for (const key of keysOf(seal)) folders.add(key.slice(0, key.indexOf("/") + 1));
    folders.add(epochPrefix(seal.epoch));
    const sizes = new Map<string, number>();
    for (const folder of folders) {
      for await (const { objects } of this.#target.client.list(folder, { signal: this.#signal }))
        for (const { key, size } of objects) sizes.set(key, size);
    }
    return sizes;
  }

  async #isThere(object: Described, signal: AbortSignal): Promise<boolean> {
    const { client } = this.#target;
    const body = await client.get(object.key, client.operation(signal, object.size));
    return body !== undefined && object.sha256 !== undefined && (await isAsDescribed(body, object));
  }

  async #copyObject(object: Described, epoch: number, signal: AbortSignal): Promise<void> {
    const { key, size } = object;
    const { client } = this.#source;
    const body = await client.get(key, client.operation(signal, size));
    const details = { sealed: "yes", epoch, key } as const;
    if (body === undefined)
      throw new StateError(
        "PartialLost",
        `${key} is named by the seal of epoch ${epoch} and is gone`,
        details,
      );
    if (!(await isAsDescribed(body, object))) {
      const message = `${key} holds other bytes than the seal of epoch ${epoch} describes`;
      throw new StateError("Corrupt", message, details);
    }
    await this.#write(key, body, signal);
    this.#objects += 1;
    this.#bytes += body.length;
  }

  async #copyFence(fence: number): Promise<void> {
    if (fence <= this.#fence) return;
    await this.#copyControl(fenceKey(fence));
    this.#fence = fence;
  }

  async #copyControl(key: string): Promise<void> {
    const { client } = this.#source;
    const body = await client.get(key, client.operation(this.#signal));
    if (body !== undefined) await this.#ensure(key, body);
  }

  /** Creates what has to hold exactly these bytes. */
  async #write(key: string, body: Uint8Array, signal = this.#signal): Promise<void> {
    const found = await this.#ensure(key, body, signal);
    if (found !== undefined && !sameBytes(found, body)) throw this.#isAnother(key, undefined);
  }

  /** @returns what was there already, if something was */
  async #ensure(key: string, body: Uint8Array, signal = this.#signal): Promise<Uint8Array | undefined> {
    const { client } = this.#target;
    const creation = await ensure(client, key, body, client.operation(signal, body.length));
    if (creation.outcome === "created") return undefined;
    if (creation.outcome === "found") return creation.body;
    const next = "Copy again: it goes on where it was";
    throw notCreated(creation, `whether ${key} is in ${client.name} is not known`, { key, next });
  }

  #isAnother(key: string, epoch: number | undefined): StateError {
    const message = `${this.#target.client.name} has another ${key} than ${this.#source.client.name}: it is no copy of it`;
    return new StateError("SealMismatch", message, { sealed: "unknown", epoch, key, next: emptyTarget });
  }

  #tell(epoch: number): void {
    const [objects, bytes, found] = [this.#objects, this.#bytes, this.#found];
    this.#options.onProgress?.({ epoch, objects, bytes, found });
  }
}

const emptyTarget = "Copy into an empty bucket, path or prefix";

function describedBy({ partials, attachments }: Seal): readonly Described[] {
  const objects = new Map<string, Described>();
  for (const entry of partials) {
    if (isChunked(entry)) for (const chunk of entry.chunks) objects.set(chunk.key, chunk);
    else if (entry.key !== undefined)
      objects.set(entry.key, { key: entry.key, size: entry.size, sha256: entry.sha256 });
  }
  for (const { key, size, sha256 } of attachments) objects.set(key, { key, size, sha256 });
  return [...objects.values()];
}

async function isAsDescribed(body: Uint8Array, { size, sha256 }: Described): Promise<boolean> {
  return body.length === size && (sha256 === undefined || (await sha256Hex(unshared(body))) === sha256);
}
