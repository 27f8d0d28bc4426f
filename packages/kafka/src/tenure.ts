import { Checkpoints } from "./checkpoint.ts";
import { closeAll } from "./closing.ts";
import type { RecordBatch } from "./group.ts";
import { Mutex } from "./mutex.ts";
import { OffsetDisplay } from "./offset-display.ts";
import type { JobSettings } from "./options.ts";
import type { PartitionOutput, SealedOutputs } from "./output.ts";
import { Pending } from "./pending.ts";
import type { TopicPartition } from "./record.ts";
import { type Opened, openPartition } from "./opened.ts";
import type { Checkpointed } from "./scheduler.ts";
import type { PartitionTask } from "./task.ts";

/**
 * A partition from its takeover on, until it is taken away or something fails. Nothing is mended within a tenure: after a
 * failure the next one begins from what is sealed.
 */
export class Tenure implements Checkpointed {
  readonly partition: TopicPartition;
  readonly version: number;
  readonly #settings: JobSettings;
  readonly #opened: Opened;
  readonly #task: PartitionTask;
  readonly #outputs: readonly PartitionOutput[];
  readonly #checkpoints: Checkpoints;
  readonly #display: OffsetDisplay;
  /** Ends every call. */
  readonly #cutOff: AbortSignal;
  readonly #failed = new AbortController();
  readonly #mutex = new Mutex();
  /** Is called when it becomes dirty or urgent. */
  readonly #changed: () => void;
  #pending = new Pending();
  #running: Promise<void> | undefined;
  #epoch: number | undefined;
  #nextEpoch: number;
  #next: bigint | undefined;
  #sealedNext: bigint | undefined;
  #end: bigint | undefined;
  #sinceThePrune = 0;
  /** Wakes the reading that waits for room. */
  #room: (() => void) | undefined;
  /** Seals since it began. */
  seals = 0;

  private constructor(settings: JobSettings, partition: TopicPartition, parts: TenureParts) {
    this.partition = partition;
    this.#settings = settings;
    this.#opened = parts.opened;
    this.#task = parts.task;
    this.#outputs = parts.outputs;
    this.#cutOff = parts.cutOff;
    this.#changed = parts.changed;
    const { backend, version, base, nextEpoch } = parts.opened;
    this.version = version;
    this.#checkpoints = new Checkpoints(settings, partition, { backend, version, seal: base?.sealed.seal });
    this.#display = new OffsetDisplay(settings, partition);
    this.#epoch = base?.sealed.epoch;
    this.#nextEpoch = nextEpoch;
    this.#next = base?.next;
    this.#sealedNext = base?.next;
  }

  /**
   * Takes the partition over, releases what the newest epoch lets out, and restores its state.
   *
   * @param options.opening ends it
   * @param options.cutOff ends every later call of the tenure
   * @param options.changed is called when it becomes dirty or urgent
   */
  static async begin(
    settings: JobSettings,
    partition: TopicPartition,
    options: {
      readonly opening: AbortSignal;
      readonly cutOff: AbortSignal;
      readonly changed: () => void;
    },
  ): Promise<Tenure> {
    const { opening, cutOff, changed } = options;
    const { group, clock, restoreOnly, onEvent } = settings;
    const startedAt = clock.now();
    const opened = await openPartition(settings, partition, opening);
    const outputs: PartitionOutput[] = [];
    let task: PartitionTask | undefined;
    try {
      const { base, version } = opened;
      for (const output of restoreOnly ? [] : settings.outputs)
        outputs.push(
          await output.open({ partition, groupId: group.groupId, base: base?.outputs, signal: opening }),
        );
      task = settings.task(partition);
      await task.restore(base?.sealed);
      opening.throwIfAborted();
      onEvent({
        type: "restored",
        partition,
        version,
        epoch: base?.sealed.epoch,
        next: base?.next,
        durationMs: clock.now() - startedAt,
      });
      return new Tenure(settings, partition, { opened, outputs, task, cutOff, changed });
    } catch (error) {
      await closeAll(settings, partition, [task, ...outputs, opened.backend]);
      throw error;
    }
  }

  get dirtySince(): number | undefined {
    // A failed tenure seals nothing more, and one that only restores never did.
    if (this.#settings.restoreOnly || this.#failed.signal.aborted) return undefined;
    return this.#pending.since;
  }

  get urgent(): boolean {
    const { everyRecords, limits } = this.#settings;
    return this.#pending.records >= everyRecords || this.#pending.outputBytes >= limits.outputBytes;
  }

  get health(): TenureHealth {
    const next = this.#next;
    return {
      version: this.version,
      epoch: this.#epoch,
      next,
      sealedNext: this.#sealedNext,
      lag: this.#end === undefined || next === undefined ? undefined : this.#end - next,
      unsealed: next === undefined || this.#sealedNext === undefined ? undefined : next - this.#sealedNext,
      dirtyForMs:
        this.#pending.since === undefined ? undefined : this.#settings.clock.now() - this.#pending.since,
    };
  }

  /** Processes records until `stop` aborts; then resolves. Rejects with what has failed. */
  async process(stop: AbortSignal): Promise<void> {
    const ended = AbortSignal.any([stop, this.#cutOff, this.#failed.signal]);
    // Whoever sealed that may have died before it could commit it.
    if (this.#next !== undefined && !this.#settings.restoreOnly) this.#display.show(this.#next);
    try {
      const from = this.#next ?? this.#settings.from;
      for await (const batch of this.#settings.group.read(this.partition, from, { signal: ended })) {
        if (ended.aborted) break;
        await this.#mutex.run(() => this.#take(batch));
        if (this.dirtySince !== undefined) this.#changed();
        await this.#waitForRoom(ended);
      }
    } catch (error) {
      if (!ended.aborted) throw error;
    }
    this.#cutOff.throwIfAborted();
    if (this.#failed.signal.aborted) throw this.#failed.signal.reason;
    if (!stop.aborted) throw new Error("the client has ended the reading");
  }

  async #take({ records, next, end }: RecordBatch): Promise<void> {
    const pending = this.#settings.restoreOnly ? new Pending() : this.#pending;
    let isProcessing = true;
    try {
      if (records.length > 0) {
        await this.#task.process(records, (record) => {
          if (!isProcessing) throw new Error("emit is called after process has ended: await what emits");
          pending.emit(record);
        });
        pending.since ??= this.#settings.clock.now();
        pending.records += records.length;
      }
    } catch (error) {
      // The state may have half of the batch: it must not be captured.
      this.#failed.abort(error);
      throw error;
    } finally {
      isProcessing = false;
    }
    // If nothing was ever sealed, a successor goes back to the first record.
    this.#sealedNext ??= records[0]?.offset;
    this.#next = next;
    this.#end = end;
  }

  /** Seals what is not sealed yet. Rejects with what has failed. */
  async finish(): Promise<void> {
    await this.#running;
    if (this.dirtySince !== undefined) await this.checkpoint();
    if (this.#failed.signal.aborted) throw this.#failed.signal.reason;
  }

  /** A failure ends the tenure: `process` rejects with it. */
  checkpoint(): Promise<void> {
    this.#running ??= this.#checkpoint()
      .catch((error: unknown) => {
        this.#failed.abort(error);
      })
      .finally(() => {
        this.#running = undefined;
        this.#room?.();
      });
    return this.#running;
  }

  /** Resolves when no checkpoint is under way any more. */
  async settle(): Promise<void> {
    await this.#running;
  }

  /** Never rejects. */
  async close(): Promise<void> {
    const all = [this.#display, this.#task, ...this.#outputs, this.#opened.backend];
    await closeAll(this.#settings, this.partition, all);
  }

  async #checkpoint(): Promise<void> {
    const { clock, onEvent } = this.#settings;
    const { partition } = this;
    const startedAt = clock.now();
    const epoch = this.#nextEpoch;
    const cut = await this.#mutex.run(async () => {
      this.#failed.signal.throwIfAborted();
      const capture = await this.#task.capture();
      const pending = this.#pending;
      this.#pending = new Pending();
      return { capture, pending, next: this.#next };
    });
    const { capture, pending, next } = cut;
    if (next === undefined) throw new Error("nothing was processed");
    const capturedAt = clock.now();
    this.#room?.();
    const { seal, bytes } = await this.#checkpoints.seal(
      { epoch, capture, next, outputs: pending.encoded() },
      this.#cutOff,
    );
    this.#nextEpoch = epoch + 1;
    this.#epoch = epoch;
    this.#sealedNext = next;
    this.seals += 1;
    onEvent({
      type: "sealed",
      partition,
      epoch,
      next,
      records: pending.records,
      bytes,
      outputs: pending.outputs.length,
      captureMs: capturedAt - startedAt,
      durationMs: clock.now() - startedAt,
    });
    await this.#release({ epoch, incarnation: seal.incarnation ?? "", next, records: pending.outputs });
    // Outputs forget what they have released: Kafka a marker after a week. So if nothing comes, an epoch that lets nothing out
    // follows one that does.
    if (this.#outputs.length > 0 && pending.outputs.length > 0) this.#pending.since ??= clock.now();
    this.#display.show(next);
    await this.#prune();
  }

  async #release(outputs: SealedOutputs): Promise<void> {
    const { clock, onEvent } = this.#settings;
    const startedAt = clock.now();
    for (const output of this.#outputs) await output.release(outputs, { signal: this.#cutOff });
    const { partition } = this;
    onEvent({ type: "released", partition, epoch: outputs.epoch, durationMs: clock.now() - startedAt });
  }

  async #prune(): Promise<void> {
    const { keep, onEvent } = this.#settings;
    // As often as `retention` of core does: after the first seal, then after every `keep / 2`.
    if (this.#sinceThePrune++ % Math.ceil(keep / 2) !== 0) return;
    try {
      const report = await this.#opened.backend.prune({ keep }, { signal: this.#cutOff });
      onEvent({ type: "pruned", partition: this.partition, report });
    } catch (error) {
      onEvent({ type: "pruned", partition: this.partition, error });
    }
  }

  /** Reading stops while what waits for its seal is above the bounds. */
  async #waitForRoom(ended: AbortSignal): Promise<void> {
    const wake = (): void => this.#room?.();
    ended.addEventListener("abort", wake, { once: true });
    while (this.urgent && !ended.aborted)
      await new Promise<void>((resolve) => {
        this.#room = resolve;
      });
    this.#room = undefined;
    ended.removeEventListener("abort", wake);
  }
}

export interface TenureHealth {
  readonly version: number;
  readonly epoch: number | undefined;
  readonly next: bigint | undefined;
  readonly sealedNext: bigint | undefined;
  readonly lag: bigint | undefined;
  readonly unsealed: bigint | undefined;
  readonly dirtyForMs: number | undefined;
}

interface TenureParts {
  readonly opened: Opened;
  readonly task: PartitionTask;
  readonly outputs: readonly PartitionOutput[];
  readonly cutOff: AbortSignal;
  readonly changed: () => void;
}
