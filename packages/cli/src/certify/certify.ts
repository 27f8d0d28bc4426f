import { randomBytes } from "node:crypto";
import { isStoreError, type ObjectStore } from "@state/core";
import { storeCases, type StoreHarness } from "@state/core/conformance";
import { openStore } from "../open-store.ts";
import { clean, type Left, messageOf } from "./cleaning.ts";
import { FolderStore, Reach } from "./folder-store.ts";
import type { RaceResult } from "./races/race.ts";
import { notLookedAt, type WholeListings } from "./races/whole.ts";
import { raceIds, runRaces } from "./run-races.ts";
import { type CaseResult, runSuite } from "./suite.ts";

export interface CertifyOptions {
  readonly url: string;
  readonly adapter: string | undefined;
  readonly directory: string;
  /** Beneath which everything is written; ends in `/`. */
  readonly folder: string;
  readonly processes: number;
  readonly seconds: number;
  /** The ids of the cases and races to run. Default: all. */
  readonly only: ReadonlySet<string> | undefined;
  readonly signal: AbortSignal;
  readonly onProgress: (text: string) => void;
  readonly onCase: (result: CaseResult) => void;
  readonly onRace: (result: RaceResult) => void;
  /** Called when everything was deleted, also if the run was interrupted. */
  readonly onCleaned: (left: readonly Left[]) => void;
}

export interface Certified {
  readonly store: string;
  /** Whether nothing was found by what was run. */
  readonly isSound: boolean;
  /** Why the adapter refuses the store, in its words: by C9, if it cannot create only what is absent. Nothing was run then. */
  readonly refusal?: string | undefined;
  readonly cases: readonly CaseResult[];
  readonly races: readonly RaceResult[];
  readonly listings: WholeListings;
  readonly left: readonly Left[];
}

/** The name of every case and race. */
export const certifyIds: readonly string[] = [...storeCases.map(({ id }) => id), ...raceIds];

/** A folder that nothing else is in. */
export function newFolder(): string {
  return `certify-${randomBytes(6).toString("hex")}/`;
}

/**
 * Runs the suite and the races on the store. Everything that it has made is deleted when it resolves or rejects.
 *
 * @throws `StoreError` if the store cannot be written at all; the signal's reason
 */
export async function certify(options: CertifyOptions): Promise<Certified> {
  const { url, adapter, directory, folder, processes, seconds, only, signal } = options;
  const { onProgress, onCase, onRace, onCleaned } = options;
  const reach = new Reach();
  const open = (): Promise<ObjectStore> => openStore({ url, adapter, directory });
  const store = await open();
  let cases: readonly CaseResult[] = [];
  let left: readonly Left[] = [];
  let raced: Pick<Certified, "races" | "listings"> = {
    races: [],
    listings: notLookedAt(store.wholeListings === true),
  };
  let refusal: string | undefined;
  try {
    const probed = await probe(new FolderStore(store, `${folder}probe/`, reach), signal);
    if ("refusal" in probed) ({ refusal } = probed);
    else {
      cases = await runSuite({
        harness: harnessOf({ store, open, folder, foldsCase: probed.foldsCase, reach }),
        only,
        signal,
        onBegin: (id, number, count) => onProgress(`${number} of ${count} cases: ${id}`),
        onEnd: onCase,
      });
      raced = await runRaces({
        store: new FolderStore(store, `${folder}races/`, reach),
        place: { url, adapter, directory, folder: `${folder}races/` },
        processes,
        seconds,
        only,
        signal,
        onProgress: (id, text) => onProgress(`${id}: ${text}`),
        onEnd: onRace,
      });
    }
  } finally {
    onProgress("deleting what was made");
    reach.end();
    await reach.settled(10_000);
    left = await clean(store, folder, reach.keys);
    await store.close?.();
    onCleaned(left);
  }
  const results = [...cases, ...raced.races];
  const isSound = refusal === undefined && results.every(({ outcome }) => outcome !== "failed");
  return { store: store.name, isSound, refusal, cases, ...raced, left };
}

interface HarnessOptions {
  readonly store: ObjectStore;
  readonly open: () => Promise<ObjectStore>;
  readonly folder: string;
  readonly foldsCase: boolean;
  readonly reach: Reach;
}

/** Every store of the suite is a folder; every client has opened the URL for itself. */
function harnessOf({ store, open, folder, foldsCase, reach }: HarnessOptions): StoreHarness {
  // Also of those that were closed: the suite closes a client, and opens the next one of its data.
  const folders = new WeakMap<ObjectStore, string>();
  const client = async (own: string): Promise<ObjectStore> => {
    const opened = new FolderStore(await open(), own, reach);
    folders.set(opened, own);
    return opened;
  };
  let number = 0;
  return {
    name: store.name,
    wholeListings: store.wholeListings === true,
    foldsCase,
    open: () => client(`${folder}${(number += 1)}/`),
    reopen: async (of) => {
      const own = folders.get(of);
      if (own === undefined) throw new Error("a store that this harness did not open");
      return client(own);
    },
    close: async (of) => of.close?.(),
  };
}

type Probed = { readonly foldsCase: boolean } | { readonly refusal: string };

/** Whether the store can be written, and what the suite has to know of its medium. @throws `StoreError` */
async function probe(store: ObjectStore, signal: AbortSignal): Promise<Probed> {
  try {
    await store.create("case", new Uint8Array(1), { signal });
  } catch (error) {
    if (!isStoreError(error) || error.code !== "Unsupported") throw error;
    return { refusal: error.message };
  }
  try {
    await store.create("CASE", new Uint8Array(1), { signal });
    return { foldsCase: false };
  } catch (error) {
    // K6: a medium that takes both names for one refuses the later key.
    if (isStoreError(error) && error.code === "InvalidKey") return { foldsCase: true };
    signal.throwIfAborted();
    throw error instanceof Error ? error : new Error(messageOf(error));
  }
}
