/** Reads what a run has left: the newest seal's state, and the released files. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { ObjectStoreBackend } from "@state/core";
import { originOf } from "./sink.ts";
import type { Origin, Sink } from "./sink.ts";
import { decode } from "./statistics.ts";
import type { Statistics } from "./statistics.ts";
import { openStore } from "./store.ts";
import { vnodeCapacity } from "./vnodes.ts";

/** A file in the folder of released rows. */
export interface ReleasedFile {
  readonly name: string;
  /** `undefined` for a file that is not from the sink. */
  readonly origin: Origin | undefined;
  readonly rows: Statistics;
}

/** The state that the newest seal holds, of all vnodes together; `undefined` if nothing was ever sealed. */
export async function readStatistics(store: string): Promise<Statistics | undefined> {
  await using backend = await ObjectStoreBackend.open({
    store: await openStore(store),
    instanceId: "reader",
    vnodeCapacity,
    readOnly: true,
  });
  const sealed = await backend.latest();
  if (sealed === undefined) return undefined;
  const statistics: Statistics = new Map();
  for (const vnode of sealed.vnodes) {
    const bytes = await sealed.read(vnode);
    for (const [key, statistic] of decode(new TextDecoder().decode(bytes))) statistics.set(key, statistic);
  }
  return statistics;
}

export async function readReleased(sink: Sink): Promise<readonly ReleasedFile[]> {
  const names = await readdir(sink.released);
  return Promise.all(
    names.toSorted().map(async (name) => {
      const origin = originOf(name);
      const text = origin === undefined ? "" : await readFile(join(sink.released, name), "utf8");
      return { name, origin, rows: decode(text) };
    }),
  );
}
