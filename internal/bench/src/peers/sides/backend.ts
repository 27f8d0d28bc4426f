/** The backend of core on any store: the same tasks as those of `internal/bench/seed`. */
import { readFileSync, writeFileSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { type ObjectStore, ObjectStoreBackend } from "@state/core";
import type { Figures } from "../harness.ts";
import { atOnce, Meter } from "../meter.ts";
import { type Bucket, s3StoreOf } from "./s3-clients.ts";

export type Place =
  | Bucket
  | { readonly root: string; readonly fsync: boolean }
  | { readonly store: "memory" };

interface Checkpoints {
  readonly place: Place;
  /** The same place, where requests do not wait. */
  readonly warmUp: Place;
  readonly warmUpEpochs: number;
  readonly vnodes: number;
  readonly bytes: number;
  readonly atOnce: number;
  readonly epochsARun: number;
}

export interface CheckpointTask extends Checkpoints {
  readonly task: "checkpoint";
}

export interface MemoryTask extends Checkpoints {
  readonly task: "memory";
}

export interface EpochsTask {
  readonly task: "epochs";
  readonly place: Place;
  readonly vnodes: number;
  readonly bytes: number;
  readonly atOnce: number;
  /** After so many epochs, in ascending order, it notes what is in use. */
  readonly marks: readonly number[];
  readonly pruneEvery: number;
  /** How many epochs are kept by a prune. */
  readonly keep: number;
}

interface History {
  readonly place: Place;
  /** Where it is written, if it is not there: the same place, where requests do not wait. */
  readonly fill: Place;
  readonly vnodes: number;
  readonly bytes: number;
  readonly atOnce: number;
  readonly epochs: number;
  /** `prune` deletes below it. */
  readonly before: number;
}

export interface LatestTask extends History {
  readonly task: "latest";
}

export interface PruneTask extends History {
  readonly task: "prune";
}

export interface RestoreTask {
  readonly task: "restore";
  readonly place: Place;
  readonly vnodes: number;
  readonly bytes: number;
  readonly atOnce: number;
  readonly restoresARun: number;
  readonly warmUpRestores: number;
}

export type BackendTask = CheckpointTask | MemoryTask | EpochsTask | LatestTask | PruneTask | RestoreTask;

type Run = () => Promise<Figures>;

export async function prepare(task: BackendTask): Promise<Run> {
  if (task.task === "latest" || task.task === "prune") return history(task);
  if (task.task === "epochs") return epochs(task);
  if (task.task === "restore") return restore(task);
  return task.task === "memory" ? memory(task) : checkpoint(task);
}

async function storeOf(place: Place): Promise<ObjectStore> {
  if ("store" in place) {
    const { MemoryStore } = await import("@state/memory");
    return new MemoryStore();
  }
  if ("root" in place) {
    const { FsStore } = await import("@state/fs");
    return new FsStore(place);
  }
  return s3StoreOf(place);
}

/** A job that writes epoch after epoch. */
class Job {
  readonly backend: ObjectStoreBackend;
  readonly #body: Uint8Array<ArrayBuffer>;
  readonly #options: { readonly vnodes: number; readonly atOnce: number };
  readonly #version: number;
  epoch: number;

  private constructor(
    backend: ObjectStoreBackend,
    claim: { readonly version: number; readonly epoch: number },
    options: { readonly vnodes: number; readonly bytes: number; readonly atOnce: number },
  ) {
    this.backend = backend;
    this.#version = claim.version;
    this.epoch = claim.epoch;
    this.#options = options;
    this.#body = new Uint8Array(options.bytes).fill(7);
  }

  static async open(
    place: Place,
    options: { readonly vnodes: number; readonly bytes: number; readonly atOnce: number },
  ): Promise<Job> {
    const backend = await ObjectStoreBackend.open({
      store: await storeOf(place),
      instanceId: "node-0",
      vnodeCapacity: capacity,
    });
    const version = backend.authoritativeVersion + 1;
    const { nextEpoch } = await backend.takeover({ version });
    return new Job(backend, { version, epoch: nextEpoch }, options);
  }

  /** Writes and seals an epoch, and returns the milliseconds that the seal took. */
  async checkpoint(): Promise<number> {
    const { backend, epoch } = this;
    const { vnodes, atOnce: limit } = this.#options;
    const parts: Awaited<ReturnType<ObjectStoreBackend["writePartial"]>>[] = [];
    await atOnce(vnodes, limit, async (vnode) => {
      const write = { epoch, vnode, assignmentVersion: this.#version, bytes: this.#body };
      parts.push(await backend.writePartial(write));
    });
    const meter = new Meter();
    const { complete } = await backend.epochComplete({ epoch, parts });
    if (!complete) throw new Error(`epoch ${epoch} is not complete`);
    this.epoch += 1;
    return meter.ms;
  }

  async pruneBefore(epoch: number): Promise<void> {
    const { failedCount } = await this.backend.pruneBefore(epoch);
    if (failedCount > 0) throw new Error(`a prune left ${failedCount} objects`);
  }
}

/** Of each namespace, whatever a task writes. */
const capacity = 256;

async function checkpoint(task: CheckpointTask): Promise<Run> {
  let job = await Job.open(task.warmUp, task);
  for (let epoch = 0; epoch < task.warmUpEpochs; epoch += 1) {
    await job.checkpoint();
    await job.pruneBefore(job.epoch - 1);
  }
  job = await Job.open(task.place, task);
  return async () => {
    const meter = new Meter();
    let sealMs = 0;
    for (let epoch = 0; epoch < task.epochsARun; epoch += 1) sealMs += await job.checkpoint();
    const { ms, cpuMs } = meter;
    const count = task.epochsARun;
    await job.pruneBefore(job.epoch - 1);
    return { ms: ms / count, sealMs: sealMs / count, cpuMs: cpuMs / count };
  };
}

/** The peak of the memory in the first checkpoint, above what was resident before. One run. */
async function memory(task: MemoryTask): Promise<Run> {
  // One small checkpoint loads what is loaded once.
  const small = await Job.open(task.warmUp, { vnodes: 1, bytes: 1, atOnce: 1 });
  await small.checkpoint();
  const job = await Job.open(task.place, task);
  return async () => {
    // Makes the peak what is resident now.
    writeFileSync("/proc/self/clear_refs", "5");
    const idleMib = residentMib("VmRSS");
    await job.checkpoint();
    return { idleMib, peakMib: residentMib("VmHWM") - idleMib };
  };
}

/** Runs epochs with prunes, and returns what is live at each mark. One run. */
async function epochs(task: EpochsTask): Promise<Run> {
  const job = await Job.open(task.place, task);
  return async () => {
    const used: Record<string, number> = {};
    let done = 0;
    for (const mark of task.marks) {
      for (; done < mark; done += 1) {
        await job.checkpoint();
        if (job.epoch % task.pruneEvery === 0) await job.pruneBefore(Math.max(0, job.epoch - task.keep));
      }
      used[`used${mark}`] = await liveMib();
    }
    return used;
  };
}

/** What a collection leaves, in MiB. */
async function liveMib(): Promise<number> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  // What a collection finds to be finalized is free after the next one.
  for (let pass = 0; pass < 3; pass += 1) {
    collect();
    await nextTurn();
  }
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 2 ** 20;
}

/** A line of `/proc/self/status`, such as `VmHWM`, in MiB. */
function residentMib(name: string): number {
  const status = readFileSync("/proc/self/status", "utf8");
  const [, kib] = new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status) ?? [];
  if (kib === undefined) throw new Error(`no ${name} in /proc/self/status`);
  return Number(kib) / 1_024;
}

async function history(task: LatestTask | PruneTask): Promise<Run> {
  const writer = await Job.open(task.fill, task);
  const first = (await writer.backend.sealedEpochs())[0] ?? writer.epoch;
  while (writer.epoch - first < task.epochs) await writer.checkpoint();
  const job = await Job.open(task.place, task);
  const before = first + task.before - 1;
  return async () => {
    const meter = new Meter();
    if (task.task === "latest") {
      const newest = await job.backend.latestCommittedEpoch();
      const { ms } = meter;
      if (newest !== first + task.epochs - 1) throw new Error(`${newest} is not the newest epoch`);
      return { ms, ...meter.each(task.epochs * (task.vnodes + 1)) };
    }
    await job.pruneBefore(before);
    const { ms } = meter;
    return { ms, ...meter.each((task.before - 1) * (task.vnodes + 1)) };
  };
}

async function restore(task: RestoreTask): Promise<Run> {
  const job = await Job.open(task.place, task);
  await job.checkpoint();
  const read = async (restores: number): Promise<Figures> => {
    const meter = new Meter();
    for (let each = 0; each < restores; each += 1) {
      const sealed = await job.backend.latest();
      await atOnce(task.vnodes, task.atOnce, async (vnode) => {
        if ((await sealed?.read(vnode))?.length !== task.bytes)
          throw new Error(`vnode ${vnode} is not there`);
      });
    }
    return { ms: meter.ms / restores, cpuMs: meter.cpuMs / restores };
  };
  await read(task.warmUpRestores);
  return () => read(task.restoresARun);
}
