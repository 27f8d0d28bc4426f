import { join } from "node:path";
import { ObjectStoreBackend, type ObjectStore } from "@state/core";
import { AzureStore } from "@state/azure";
import { GcsStore } from "@state/gcs";
import { S3Store } from "@state/s3";
import { startState } from "../src/command.ts";
import type { OpenPlace } from "../src/place.ts";

/** What a command that prints JSON came to. */
export interface Ran {
  readonly code: number | null;
  readonly values: readonly Record<string, unknown>[];
  readonly errors: string;
}

/** A job of four vnodes with three sealed epochs on a server, below a prefix of its own. */
export class Job {
  readonly url: string;
  readonly epochs: readonly number[];
  readonly #env: Readonly<Record<string, string>>;

  private constructor(url: string, env: Readonly<Record<string, string>>, epochs: readonly number[]) {
    this.url = url;
    this.epochs = epochs;
    this.#env = env;
  }

  /** @param env of every server that its commands use */
  static async begin(place: OpenPlace, name: string, env: Readonly<Record<string, string>>): Promise<Job> {
    const url = urlBelow(place, name);
    const epochs = [
      await seal(url, 1, [0, 1, 2, 3], []),
      await seal(url, 2, [0, 1], [2, 3]),
      await seal(url, 3, [0], [1, 2, 3]),
    ];
    return new Job(url, env, epochs);
  }

  get newest(): number {
    return this.epochs.at(-1) ?? Number.NaN;
  }

  /** Runs `state COMMAND` on the job. */
  state(command: string, ...args: readonly string[]): Promise<Ran> {
    return this.stateOn(this.url, command, ...args);
  }

  /** Runs `state COMMAND` on another store. */
  async stateOn(url: string, command: string, ...args: readonly string[]): Promise<Ran> {
    const { code, output, errors } = await startState([command, url, ...args, "--json"], this.#env).finished;
    const lines = output.split("\n").filter((line) => line !== "");
    return { code, values: lines.map((line) => JSON.parse(line) as Record<string, unknown>), errors };
  }

  /** Seals one more epoch. */
  seal(version: number): Promise<number> {
    return seal(this.url, version, [0, 1, 2, 3], []);
  }

  /** Puts bytes where others were. */
  async overwrite(key: string, text: string): Promise<void> {
    await this.remove(key);
    await using store = opened(this.url);
    await store.create(key, new TextEncoder().encode(text));
  }

  async remove(key: string): Promise<void> {
    await using store = opened(this.url);
    await store.delete([key]);
  }
}

/** A store's URL below the place's own prefix. */
export function urlBelow({ url }: OpenPlace, name: string): string {
  const below = new URL(url);
  below.pathname = join(below.pathname, name);
  return below.href;
}

type Closable = ObjectStore & AsyncDisposable;

function opened(url: string): Closable {
  const from = { "s3:": S3Store, "gs:": GcsStore, "azure:": AzureStore }[new URL(url).protocol];
  if (from === undefined) throw new TypeError(`no adapter for ${url}`);
  const store = from.fromUrl(url);
  return Object.assign(store, { [Symbol.asyncDispose]: () => store.close() });
}

async function seal(
  url: string,
  version: number,
  vnodes: readonly number[],
  unchanged: readonly number[],
): Promise<number> {
  await using store = opened(url);
  await using backend = await ObjectStoreBackend.open({
    store,
    instanceId: `node-${version}`,
    vnodeCapacity: 4,
  });
  const { nextEpoch: epoch } = await backend.takeover({ version });
  const parts = await Promise.all(
    vnodes.map((vnode) => {
      const bytes = new TextEncoder().encode(`vnode ${vnode} of ${epoch}`);
      return backend.writePartial({ epoch, vnode, assignmentVersion: version, bytes });
    }),
  );
  await backend.epochComplete({ epoch, parts, unchanged });
  return epoch;
}
