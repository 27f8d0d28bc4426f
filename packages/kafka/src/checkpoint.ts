import {
  type AttachmentReceipt,
  type EpochCompleteArguments,
  isStateError,
  type PartialBytes,
  type PartialReceipt,
  type Seal,
  type StateBackend,
} from "@state/core";
import { encodeOffset, offsetAttachment, outputsAttachment } from "./attachments.ts";
import { KafkaError } from "./errors.ts";
import type { JobSettings } from "./options.ts";
import type { TopicPartition } from "./record.ts";
import type { Capture } from "./task.ts";

/** What is to be sealed as one epoch. */
export interface Cut {
  readonly epoch: number;
  readonly capture: Capture;
  readonly next: bigint;
  /** The emitted records, encoded; empty if there are none. */
  readonly outputs: Uint8Array;
}

type Given = readonly [vnode: number, bytes: Uint8Array | AsyncIterable<Uint8Array>];

/** Captures up to this size go into the seal itself, which saves a request. A seal has room for 64 KiB. */
const mostInline = 32 * 1024;

/** How often a seal with an unknown outcome is asked about again, before the partition is taken over anew. */
const mostAttempts = 5;

/** Writes the epochs of one partition under one claimed version. */
export class Checkpoints {
  readonly #settings: JobSettings;
  readonly #partition: TopicPartition;
  readonly #backend: StateBackend;
  readonly #version: number;
  #seal: Seal | undefined;

  constructor(
    settings: JobSettings,
    partition: TopicPartition,
    { backend, version, seal }: { backend: StateBackend; version: number; seal: Seal | undefined },
  ) {
    this.#settings = settings;
    this.#partition = partition;
    this.#backend = backend;
    this.#version = version;
    this.#seal = seal;
  }

  /** Resolves once the epoch is sealed. After a rejection the epoch may be sealed: only a takeover tells. */
  async seal(
    { epoch, capture, next, outputs }: Cut,
    signal: AbortSignal,
  ): Promise<{ seal: Seal; bytes: number }> {
    const given = this.#checked(capture);
    const attachments: [string, Uint8Array][] = [[offsetAttachment, encodeOffset(this.#partition, next)]];
    if (outputs.length > 0) attachments.push([outputsAttachment, outputs]);

    const receipts: AttachmentReceipt[] = [];
    const target = { epoch, assignmentVersion: this.#version };
    const writes = attachments.map(([name, bytes]) => async () => {
      receipts.push(await this.#backend.writeAttachment({ ...target, name, bytes }, { signal }));
    });
    const parts: (PartialReceipt | PartialBytes)[] = [];
    const inline = this.#fittingTheSeal(given);
    if (inline === undefined) {
      for (const [vnode, bytes] of given)
        writes.push(async () => {
          parts.push(await this.#backend.writePartial({ ...target, vnode, bytes }, { signal }));
        });
    } else {
      parts.push(...inline);
    }
    // A stream has as many requests in flight as all the others together.
    const streams = given.some(([, bytes]) => !(bytes instanceof Uint8Array));
    await runBounded(writes, streams ? 1 : this.#settings.concurrency);

    const stored = parts.reduce((sum, part) => sum + ("size" in part ? part.size : part.bytes.length), 0);
    this.#check("storedBytes", stored);
    const dropped = capture.dropped ?? [];
    const named = new Set([...given.map(([vnode]) => vnode), ...dropped]);
    const unchanged = (this.#seal?.partials ?? [])
      .map(({ vnode }) => vnode)
      .filter((vnode) => !named.has(vnode));
    const seal = await this.#complete({ epoch, parts, unchanged, dropped, attachments: receipts }, signal);
    this.#seal = seal;
    return { seal, bytes: stored };
  }

  /** Asks again while the outcome is unknown: the same arguments have the same outcome. */
  async #complete(args: EpochCompleteArguments, signal: AbortSignal): Promise<Seal> {
    const { clock } = this.#settings;
    for (let attempt = 1; ; attempt++) {
      try {
        const outcome = await this.#backend.epochComplete(args, { signal });
        if (outcome.complete) return outcome.seal;
        throw new Error(`vnodes ${outcome.missing.join(", ")} of epoch ${args.epoch} are missing`);
      } catch (error) {
        if (attempt === mostAttempts || !isStateError(error) || error.sealed !== "unknown") throw error;
      }
      await clock.sleep(clock.random() * 100 * 2 ** attempt, signal);
    }
  }

  /** The vnodes as bytes for the seal; `undefined` if it has no room for them. */
  #fittingTheSeal(given: readonly Given[]): readonly PartialBytes[] | undefined {
    const parts: PartialBytes[] = [];
    let size = 0;
    for (const [vnode, bytes] of given) {
      if (!(bytes instanceof Uint8Array)) return undefined;
      parts.push({ vnode, bytes });
      size += bytes.length;
    }
    const replaced = new Set(given.map(([vnode]) => vnode));
    for (const partial of this.#seal?.partials ?? [])
      if (partial.inline !== undefined && !replaced.has(partial.vnode)) size += partial.size;
    return size <= mostInline ? parts : undefined;
  }

  /** What was captured; streams are counted while they are read. */
  #checked(capture: Capture): readonly Given[] {
    let size = 0;
    const count = (bytes: Uint8Array): void => {
      size += bytes.length;
      this.#check("stateBytes", size);
    };
    return [...capture.vnodes].map(([vnode, bytes]): Given => {
      if (!(bytes instanceof Uint8Array)) return [vnode, counted(bytes, count)];
      count(bytes);
      return [vnode, bytes];
    });
  }

  #check(limit: "stateBytes" | "storedBytes", size: number): void {
    const most = this.#settings.limits[limit];
    if (size > most)
      throw new KafkaError(
        "LimitExceeded",
        this.#partition,
        `a capture of ${size} bytes, and ${limit} is ${most}`,
      );
  }
}

async function* counted(
  bytes: AsyncIterable<Uint8Array>,
  count: (piece: Uint8Array) => void,
): AsyncIterable<Uint8Array> {
  for await (const piece of bytes) {
    count(piece);
    yield piece;
  }
}

/** Runs all, so many at once; after a failure begins none, and rejects when those that run have ended. */
async function runBounded(works: readonly (() => Promise<void>)[], atOnce: number): Promise<void> {
  const left = works[Symbol.iterator]();
  let failure: { readonly error: unknown } | undefined;
  const worker = async (): Promise<void> => {
    for (const work of left) {
      if (failure !== undefined) return;
      try {
        await work();
      } catch (error) {
        failure ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, works.length) }, worker));
  if (failure !== undefined) throw failure.error;
}
