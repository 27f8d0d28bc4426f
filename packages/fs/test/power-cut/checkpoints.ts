import { join } from "node:path";
import { Readable } from "node:stream";
import { ObjectStoreBackend } from "@state/core";
import type { ObjectStore, SealedEpoch } from "@state/core";
import { LocalStore } from "../../src/local-store.ts";
import type { Contents } from "./recorder.ts";
import { Recorder } from "./recorder.ts";
import type { Change, Step } from "./recorder.ts";

/** The store's root, relative to the base; neither it nor the folder above it is there at first. */
export const root = "above/root";

export const vnodeCapacity = 3;
const chunkBytes = 65_536;

/** What the vnodes hold, and how it is given. */
interface States {
  readonly of: (epoch: number, vnode: number) => string;
  readonly areStreams: boolean;
}

export interface Scene {
  readonly fsync?: boolean;
  readonly skips?: (step: Change, steps: readonly Step[]) => boolean;
}

/**
 * A leader's checkpoints and prune, and those of another who takes over in the middle of one: what
 * was done to the disk.
 */
export async function recordCheckpoints(base: string, scene: Scene = {}): Promise<readonly Step[]> {
  const { steps, store } = recordingIn(base, scene);
  const one = await Leader.of("one", store(), steps);
  await one.takeOver(1);
  await one.complete(0, [0, 1, 2]);
  await one.complete(1, [0]);
  await one.complete(2, [0, 1]);
  await one.prune(2);
  await one.write(3, 0);

  const two = await Leader.of("two", store(), steps);
  await two.takeOver(2);
  await two.complete(4, [1]);
  await two.complete(5, [0, 1, 2]);
  await two.prune(5);
  return steps;
}

/**
 * The same with vnodes that are streams. Vnode 0 is one chunk, another one each time. Vnode 1 is two, of
 * which the first is used again by either leader, and is another one in the last epoch only.
 */
export async function recordStreams(base: string, scene: Scene = {}): Promise<readonly Step[]> {
  const { steps, store } = recordingIn(base, scene);
  const one = await Leader.of("one", store(), steps, streams);
  await one.takeOver(1);
  await one.complete(0, [0, 1]);
  await one.complete(1, [1]);
  await one.prune(1);
  await one.write(2, 1);

  const two = await Leader.of("two", store(), steps, streams);
  await two.takeOver(2);
  await two.complete(3, [0, 1]);
  await two.complete(4, [1]);
  await two.prune(4);
  return steps;
}

function recordingIn(
  base: string,
  scene: Scene,
): { readonly steps: Step[]; readonly store: () => ObjectStore } {
  const recorder: Recorder = new Recorder(base, (step) => scene.skips?.(step, recorder.steps) ?? false);
  const store = (): ObjectStore =>
    recorder.recording(new LocalStore({ root: join(base, root), fsync: scene.fsync }, recorder.files));
  return { steps: recorder.steps, store };
}

class Leader {
  readonly #backend: ObjectStoreBackend;
  readonly #steps: Step[];
  readonly #states: States;
  /** The newest seal. */
  #newest: SealedEpoch | undefined;
  #version = 0;
  #contents: Contents = new Map();

  private constructor(backend: ObjectStoreBackend, steps: Step[], states: States) {
    this.#backend = backend;
    this.#steps = steps;
    this.#states = states;
  }

  static async of(
    instanceId: string,
    store: ObjectStore,
    steps: Step[],
    states: States = given,
  ): Promise<Leader> {
    const backend = await ObjectStoreBackend.open({ store, instanceId, vnodeCapacity, chunkBytes });
    return new Leader(backend, steps, states);
  }

  async takeOver(version: number): Promise<void> {
    const { base } = await this.#backend.takeover({ version });
    this.#steps.push({ kind: "claimed", version });
    this.#version = version;
    this.#newest = base;
    const decoder = new TextDecoder();
    const read = async (vnode: number) => [vnode, decoder.decode(await base?.read(vnode))] as const;
    this.#contents = new Map(await Promise.all((base?.vnodes ?? []).map(read)));
  }

  async write(epoch: number, vnode: number): Promise<void> {
    const bytes = new TextEncoder().encode(this.#states.of(epoch, vnode));
    const target = { epoch, vnode, assignmentVersion: this.#version };
    await (this.#states.areStreams
      ? this.#backend.writePartial({ ...target, bytes: Readable.from([bytes]), reuse: this.#newest })
      : this.#backend.writePartial({ ...target, bytes }));
  }

  /** Writes the vnodes, all at once, and seals them with those that are unchanged. */
  async complete(epoch: number, vnodes: readonly number[]): Promise<void> {
    const contents = new Map([
      ...this.#contents,
      ...vnodes.map((vnode) => [vnode, this.#states.of(epoch, vnode)] as const),
    ]);
    this.#steps.push({ kind: "completing", epoch, contents });
    const [attachment] = await Promise.all([
      this.#backend.writeAttachment({
        epoch,
        name: "offsets",
        assignmentVersion: this.#version,
        bytes: new TextEncoder().encode(offsetsOf(epoch)),
      }),
      ...vnodes.map((vnode) => this.write(epoch, vnode)),
    ]);
    const unchanged = [...this.#contents.keys()].filter((vnode) => !vnodes.includes(vnode));
    const { complete } = await this.#backend.epochComplete({
      epoch,
      parts: vnodes,
      unchanged,
      attachments: [attachment],
    });
    if (!complete) throw new Error(`epoch ${epoch} was not completed`);
    this.#steps.push({ kind: "completed", epoch, contents });
    this.#contents = contents;
    this.#newest = await this.#backend.latest();
  }

  async prune(before: number): Promise<void> {
    this.#steps.push({ kind: "pruning", floor: before });
    const { floor } = await this.#backend.pruneBefore(before);
    this.#steps.push({ kind: "pruned", floor });
  }
}

/** Long enough that half of it is not all of it. */
function stateOf(epoch: number, vnode: number): string {
  return `the state of vnode ${vnode} at epoch ${epoch}`;
}

const given: States = { of: stateOf, areStreams: false };

const streams: States = {
  of: (epoch, vnode) => {
    const first = vnode === 1 ? (epoch < 4 ? "a" : "b").repeat(chunkBytes) : "";
    return first + stateOf(epoch, vnode);
  },
  areStreams: true,
};

export function offsetsOf(epoch: number): string {
  return `the offsets of epoch ${epoch}`;
}
