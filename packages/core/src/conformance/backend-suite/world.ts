import assert from "node:assert/strict";
import { ObjectStoreBackend } from "../../backend.ts";
import { isStateError, type Sealed, type StateError, type StateErrorCode } from "../../errors.ts";
import type { OpenOptions } from "../../open-options.ts";
import type { PartialReceipt } from "../../receipt.ts";
import type { EpochOutcome, SealedEpoch, WritePartialArguments } from "../../state-backend.ts";
import type { ObjectStore } from "../../store.ts";
import { ScriptedStore } from "./scripted-store.ts";

/** One process: a backend, and its own way to the store. */
export interface Actor {
  readonly backend: ObjectStoreBackend;
  readonly store: ScriptedStore;
  /** Writes one vnode, under version 0 unless told otherwise. */
  write(epoch: number, vnode: number, text: string, assignmentVersion?: number): Promise<PartialReceipt>;
  /** Writes one vnode as a stream: small as it is, it is one chunk. */
  stream(epoch: number, vnode: number, text: string, reusing?: Reusing): Promise<PartialReceipt>;
  /** Writes the vnodes and seals the epoch. */
  seal(
    epoch: number,
    texts: Readonly<Record<number, string>>,
    unchanged?: readonly number[],
    dropped?: readonly number[],
  ): Promise<void>;
}

type Reusing = Pick<WritePartialArguments, "reuse" | "except">;

export const vnodeCapacity = 128;

/** A store with several processes around it. */
export class World {
  /** As an observer sees it, without faults. */
  readonly store: ObjectStore;
  /** Every request of every actor so far, in the order in which they were sent: `A create epoch=5/_COMMIT`. */
  readonly schedule: string[] = [];
  readonly #options: Partial<OpenOptions>;

  /** @param options of every backend that is opened in it */
  constructor(store: ObjectStore, options: Partial<OpenOptions> = {}) {
    this.store = store;
    this.#options = options;
  }

  /** A new incarnation. One attempt a request: what a test loses is lost. */
  async open(instanceId: string, options: Partial<OpenOptions> = {}): Promise<Actor> {
    const store = this.scripted(instanceId);
    const backend = await ObjectStoreBackend.open({
      store,
      instanceId,
      vnodeCapacity,
      retry: { attempts: 1 },
      ...this.#options,
      ...options,
    });
    const version = (): number => backend.authoritativeVersion;
    const write: Actor["write"] = (epoch, vnode, text, assignmentVersion = version()) =>
      backend.writePartial({ epoch, vnode, assignmentVersion, bytes: bytesOf(text) });
    const stream: Actor["stream"] = (epoch, vnode, text, reusing = {}) =>
      backend.writePartial({ epoch, vnode, assignmentVersion: version(), bytes: streamOf(text), ...reusing });
    const seal: Actor["seal"] = async (epoch, texts, unchanged = [], dropped = []) => {
      const parts: PartialReceipt[] = [];
      for (const [vnode, text] of Object.entries(texts)) parts.push(await write(epoch, Number(vnode), text));
      assertComplete(await backend.epochComplete({ epoch, parts, unchanged, dropped }));
    };
    return { backend, store, write, stream, seal };
  }

  /** A process's own way to the store. */
  scripted(instanceId: string): ScriptedStore {
    return new ScriptedStore(this.store, (request) => this.schedule.push(`${instanceId} ${request}`));
  }

  /** A leader: it has taken over. */
  async lead(instanceId: string, version: number, options?: Partial<OpenOptions>): Promise<Actor> {
    const actor = await this.open(instanceId, options);
    await actor.backend.takeover({ version });
    return actor;
  }

  async put(key: string, text: string): Promise<void> {
    assert.equal(await this.store.create(key, bytesOf(text)), "created");
  }

  async text(key: string): Promise<string | undefined> {
    return textOf(await this.store.get(key));
  }

  async keys(prefix = ""): Promise<string[]> {
    const keys: string[] = [];
    for await (const page of this.store.list(prefix)) keys.push(...page.objects.map(({ key }) => key));
    return keys;
  }

  /** What the epoch's `_COMMIT` is in the store. */
  async commit(epoch: number): Promise<"seal" | "void" | "nothing"> {
    const text = await this.text(`epoch=${epoch}/_COMMIT`);
    if (text === undefined) return "nothing";
    return (JSON.parse(text) as { void?: boolean }).void === true ? "void" : "seal";
  }
}

/** A schedule, as a failed test's message shows it. */
export function shownSchedule(schedule: readonly string[]): string {
  return `Requests, in the order in which they were sent:\n  ${schedule.join("\n  ")}`;
}

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export async function* streamOf(text: string): AsyncGenerator<Uint8Array, void, undefined> {
  yield bytesOf(text);
}

export function textOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
}

export function assertComplete(outcome: EpochOutcome): void {
  assert.deepEqual(
    outcome.complete ? [] : outcome.missing,
    [],
    "the epoch is not complete, vnodes are missing",
  );
  assert.ok(outcome.complete);
}

/** Puts other bytes in an object's place, as no part of the protocol ever does. */
export async function damage(world: World, key: string, text: string): Promise<void> {
  await world.store.delete([key]);
  await world.put(key, text);
}

/** An epoch that LaminarDB has left behind: in a namespace that begins with one plain text can be a seal. */
export async function leftByLaminarDb(world: World): Promise<void> {
  await world.put("epoch=1/_COMMIT", "laminar-0");
}

/** The keys of one kind of control. */
export async function controls(
  world: World,
  kind: "fence" | "floor" | "given-up" | "pin",
): Promise<string[]> {
  return (await world.keys("_control/")).filter((key) => key.startsWith(`_control/${kind}=`));
}

/** Every epoch, as an operator sees it. */
export async function states({ backend }: Actor): Promise<string[]> {
  const shown: string[] = [];
  for await (const { epoch, state } of backend.epochs()) shown.push(`${epoch} ${state}`);
  return shown;
}

/** The vnode's state as a restore reads it. */
export async function restored(handle: SealedEpoch | undefined, vnode: number): Promise<string | undefined> {
  assert.ok(handle, "there is nothing to restore");
  return textOf(await handle.read(vnode));
}

/** Which call on which store, what is so of which object, and what to do. */
const messageShape =
  /^\w+ on .+: .*\b(epoch|vnode|version|attachment|floor|namespace|checkpoints|backend|_control).*\. [A-Z].*\.$/s;

/**
 * The promise rejects with a `StateError` of this code, which says this about the seal.
 *
 * @returns the error
 */
export async function assertRefused(
  promise: Promise<unknown>,
  code: StateErrorCode,
  sealed?: Sealed,
): Promise<StateError> {
  const error = await promise.then(
    (value) => assert.fail(`expected ${code}, got the result ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  );
  assert.ok(isStateError(error), `expected ${code}, got ${String(error)}`);
  assert.equal(error.code, code, error.message);
  assert.match(error.message, messageShape);
  if (sealed !== undefined) assert.equal(error.sealed, sealed, `sealed of: ${error.message}`);
  return error;
}

/** Writes one vnode as a stream, and seals it. */
export async function sealStream(
  actor: Actor,
  epoch: number,
  text: string,
  reuse?: SealedEpoch,
): Promise<PartialReceipt> {
  const part = await actor.stream(epoch, 0, text, { reuse });
  assertComplete(await actor.backend.epochComplete({ epoch, parts: [part] }));
  return part;
}
