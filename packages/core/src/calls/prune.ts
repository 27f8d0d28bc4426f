import { readCommit, type Voided, voidEpoch } from "../commit.ts";
import { type Control, ensure } from "../control.ts";
import type { Incarnation } from "../incarnation.ts";
import { commitKey, floorKey, parseEpochObject } from "../layout.ts";
import { encodeJson } from "../seal.ts";
import type { PruneReport } from "../state-backend.ts";
import type { DeleteFailure, ListedObject } from "../store.ts";
import { findNewest } from "./latest.ts";

export interface PruneRequest {
  readonly before: number;
  readonly asOperator: boolean;
}

export async function pruneBefore(
  self: Incarnation,
  request: PruneRequest,
  signal: AbortSignal | undefined,
): Promise<PruneReport> {
  self.checkWritable("pruneBefore");
  return new Prune(self, request, signal).run();
}

/** Epochs are emptied this many at a time: the first page of each is held in memory. */
const groupSize = 32;
const deleteBatch = 1000;
const reportedFailures = 1000;

/** One call. Its steps are those of `docs/protocol.md`, in that order: the order is the safety. */
class Prune {
  readonly #self: Incarnation;
  readonly #request: PruneRequest;
  readonly #signal: AbortSignal | undefined;
  readonly #emptied = new Set<number>();
  #objects = 0;
  #bytes = 0;
  #failed = 0;
  readonly #failures: DeleteFailure[] = [];

  constructor(self: Incarnation, request: PruneRequest, signal: AbortSignal | undefined) {
    this.#self = self;
    this.#request = request;
    this.#signal = signal;
  }

  async run(): Promise<PruneReport> {
    const self = this.#self;
    const { before, asOperator } = this.#request;
    const { seal, epochs: listed, control } = await findNewest(self, this.#signal);
    const { floor } = control;
    if (!asOperator && self.isDeposed(control)) {
      const message = `version ${control.fence} leads: only its leader, or an operator, prunes`;
      throw self.refusal("StaleVersion", message, { sealed: "unknown", version: control.fence });
    }
    // The newest seal always survives, and the floor never passes it.
    const horizon = Math.max(floor, Math.min(before, seal?.epoch ?? 0));

    const newest = seal?.epoch ?? -1;
    if (!asOperator) await this.#voidUnsealed(listed.filter((epoch) => epoch > newest && epoch < before));
    if (seal === undefined || horizon === 0) return this.#report(floor);
    if (horizon > floor) await this.#publishFloor(horizon);

    const epochs = await self.listEpochs(this.#signal);
    const retained = epochs.filter((epoch) => epoch >= horizon);
    const kept = await this.#readRetained(retained, horizon, newest);
    if (kept === undefined) return this.#report((await self.readControl(this.#signal)).floor);
    const doomed = epochs.filter((epoch) => epoch < horizon);
    await this.#emptyEpochs(doomed, kept);
    await this.#deleteOutdated(control, horizon);
    return this.#report(horizon);
  }

  /** Unsealed epochs below `before` that no floor will cover: void, unless sealed, and emptied; the void stays. */
  async #voidUnsealed(epochs: readonly number[]): Promise<void> {
    if (epochs.length === 0) return;
    const self = this.#self;
    const outcomes = await self.map(epochs, async (epoch) => ({ epoch, ...(await this.#void(epoch)) }));
    // An epoch that was sealed and pruned since this prune began looks just as if it had never been sealed, but a later
    // seal may name what it wrote. Its floor was published before its seal went.
    const { floor } = await self.readControl(this.#signal);
    const empty = outcomes.filter(({ epoch, state }) => state === "void" && epoch >= floor);
    await self.map(empty, async ({ epoch }) => {
      for await (const page of this.#ownPages(epoch)) {
        await this.#delete(page.filter(({ key }) => key !== commitKey(epoch)));
      }
    });
  }

  async #void(epoch: number): Promise<Voided> {
    const voided = await voidEpoch(this.#self, epoch, this.#signal);
    if (voided.state !== "unknown") return voided;
    const code = voided.definite ? "StoreFailed" : "OutcomeUnknown";
    const message = `prune: whether epoch ${epoch} is void is not known: prune again`;
    throw this.#self.refusal(code, message, { sealed: "unknown", epoch, cause: voided.cause });
  }

  /** Nothing is deleted before the floor is known to be there: it is what tells readers "pruned" from "lost". */
  async #publishFloor(horizon: number): Promise<void> {
    const self = this.#self;
    const key = floorKey(horizon);
    const floor = await ensure(self.client, key, encodeJson({ format: 1, floor: horizon }), this.#signal);
    if (floor.state === "failed") {
      const code = floor.definite ? "StoreFailed" : "OutcomeUnknown";
      const message = `whether the floor ${horizon} is published is not known, so nothing was deleted: prune again`;
      throw self.refusal(code, message, { sealed: "unknown", key, cause: floor.cause });
    }
    self.decide("pruned", { epoch: horizon });
  }

  /**
   * What the retained seals name below the horizon, to be kept. `undefined` when the newest seal that this prune
   * started from is gone: someone pruned further, and what later seals need is no longer to be learnt from it.
   */
  async #readRetained(
    epochs: readonly number[],
    horizon: number,
    newest: number,
  ): Promise<ReadonlySet<string> | undefined> {
    const self = this.#self;
    const kept = new Set<string>();
    let newestSeen = false;
    await self.map(epochs, async (epoch) => {
      const commit = await readCommit(self, epoch, self.client.operation(this.#signal));
      if (commit === undefined || commit.kind === "void") return;
      if (epoch === newest) newestSeen = true;
      if (commit.kind === "legacy") return;
      for (const { key } of [...commit.seal.partials, ...commit.seal.attachments]) {
        if ((parseEpochObject(key)?.epoch ?? horizon) < horizon) kept.add(key);
      }
    });
    return newestSeen ? kept : undefined;
  }

  /** Seals first, then what they named: half an epoch with its seal would look whole. */
  async #emptyEpochs(epochs: readonly number[], kept: ReadonlySet<string>): Promise<void> {
    for (let start = 0; start < epochs.length; start += groupSize) {
      const group = epochs
        .slice(start, start + groupSize)
        .map((epoch) => ({ epoch, pages: this.#ownPages(epoch) }));
      const opened = await this.#self.map(group, async ({ epoch, pages }) => {
        const objects: ListedObject[] = [];
        // A page may be empty; the seal is found, or known to be gone, with the first key that does not sort before it.
        while (!objects.some(({ key }) => key >= commitKey(epoch))) {
          const page = await pages.next();
          if (page.done === true) break;
          objects.push(...page.value);
        }
        return { epoch, objects, pages, seal: objects.filter(({ key }) => key === commitKey(epoch)) };
      });
      const undeleted = await this.#delete(opened.flatMap(({ seal }) => seal));
      const batch = new DeleteBatch((objects) => this.#delete(objects));
      for (const { epoch, objects, pages } of opened) {
        if (undeleted.has(commitKey(epoch))) {
          await pages.return();
          continue;
        }
        const doomed = ({ key }: ListedObject): boolean => key !== commitKey(epoch) && !kept.has(key);
        await batch.add(objects.filter(doomed));
        for await (const page of pages) await batch.add(page.filter(doomed));
      }
      await batch.flush();
    }
  }

  /** The fences and floors that no longer count. */
  async #deleteOutdated({ outdated, floor }: Control, horizon: number): Promise<void> {
    const keys = floor > 0 && floor < horizon ? [...outdated, floorKey(floor)] : outdated;
    for (const failure of await this.#self.client.delete(keys, this.#signal)) this.#fail(failure);
  }

  /** An epoch's objects, without what others may have put into its folder. */
  async *#ownPages(epoch: number): AsyncGenerator<readonly ListedObject[], void, undefined> {
    for await (const page of this.#self.client.list(`epoch=${epoch}/`, { signal: this.#signal })) {
      yield page.objects.filter(({ key }) => parseEpochObject(key) !== undefined);
    }
  }

  /** Answers the keys that could not be deleted. */
  async #delete(objects: readonly ListedObject[]): Promise<ReadonlySet<string>> {
    const keys = objects.map(({ key }) => key);
    const failures = await this.#self.client.delete(keys, this.#signal);
    const failed = new Set(failures.map(({ key }) => key));
    for (const failure of failures) this.#fail(failure);
    for (const { key, size } of objects) {
      if (failed.has(key)) continue;
      this.#objects += 1;
      this.#bytes += size;
      this.#emptied.add(parseEpochObject(key)?.epoch ?? -1);
    }
    return failed;
  }

  #fail(failure: DeleteFailure): void {
    this.#failed += 1;
    if (this.#failures.length < reportedFailures) this.#failures.push(failure);
  }

  #report(floor: number): PruneReport {
    return {
      floor,
      epochs: this.#emptied.size,
      objects: this.#objects,
      bytes: this.#bytes,
      failed: this.#failed,
      failures: this.#failures,
    };
  }
}

/** Collects objects of many epochs until a bulk delete is full. */
class DeleteBatch {
  readonly #delete: (objects: readonly ListedObject[]) => Promise<unknown>;
  #objects: ListedObject[] = [];

  constructor(remove: (objects: readonly ListedObject[]) => Promise<unknown>) {
    this.#delete = remove;
  }

  async add(objects: readonly ListedObject[]): Promise<void> {
    for (const object of objects) {
      this.#objects.push(object);
      if (this.#objects.length === deleteBatch) await this.flush();
    }
  }

  async flush(): Promise<void> {
    const objects = this.#objects;
    this.#objects = [];
    if (objects.length > 0) await this.#delete(objects);
  }
}
