import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ObjectStoreBackend } from "@state/core";
import { FsStore } from "@state/fs";
import { stripVTControlCharacters } from "node:util";
import { type ExitCode, run, type Surroundings } from "../src/index.ts";

const encoder = new TextEncoder();

/** A job with four vnodes whose checkpoints are in a folder of their own. */
export class World {
  readonly directory: string;
  readonly store: FsStore;
  /** How `state` names it. */
  readonly url: string;

  private constructor(directory: string) {
    this.directory = directory;
    this.url = `fs:${directory}`;
    this.store = new FsStore({ root: directory });
  }

  static async begin(): Promise<World> {
    return new World(await mkdtemp(join(tmpdir(), "state-cli-")));
  }

  /** Seals an epoch of which each vnode was written anew, or is as it was. Returns its number. */
  async seal(version: number, vnodes: readonly number[], unchanged: readonly number[] = []): Promise<number> {
    await using backend = await ObjectStoreBackend.open({
      store: this.store,
      instanceId: `node-${version}`,
      vnodeCapacity: 4,
    });
    const { nextEpoch: epoch } = await backend.takeover({ version });
    const parts = await Promise.all(
      vnodes.map((vnode) =>
        backend.writePartial({
          epoch,
          vnode,
          assignmentVersion: version,
          bytes: encoder.encode(`vnode ${vnode} of ${epoch}`),
        }),
      ),
    );
    await backend.epochComplete({ epoch, parts, unchanged });
    return epoch;
  }

  /** Runs `state`. */
  async state(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
    return runState(args, options);
  }

  /** Runs a command that prints JSON. */
  async json(
    args: readonly string[],
  ): Promise<{ readonly code: ExitCode; readonly values: readonly Record<string, unknown>[] }> {
    const { code, text } = await this.state([...args, "--json"]);
    const lines = text.split("\n").filter((line) => line !== "");
    return { code, values: lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
  }
}

export interface RunOptions {
  /** What a person types who is asked. */
  readonly types?: string;
  readonly isTerminal?: boolean;
  readonly signal?: AbortSignal;
  /** Called with what is no result. */
  readonly onError?: (text: string) => void;
}

/** Runs `state`. */
export async function runState(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const { types, isTerminal = false, signal = new AbortController().signal, onError } = options;
  let [text, errors] = ["", ""];
  const surroundings: Surroundings = {
    terminal: {
      write: (written) => void (text += written),
      writeError: (written) => {
        errors += written;
        onError?.(written);
      },
      isTerminal,
      hasColor: isTerminal,
      columns: 80,
    },
    directory: import.meta.dirname,
    instanceId: "operator",
    ask: types === undefined ? undefined : async () => types,
    signal,
  };
  const code = await run(args, surroundings);
  return { code, text: stripVTControlCharacters(text), raw: text, errors };
}

export interface Ran {
  readonly code: ExitCode;
  /** Without colours. */
  readonly text: string;
  readonly raw: string;
  readonly errors: string;
}
