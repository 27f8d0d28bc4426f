/** Durable creates in one directory. */
import { type FileHandle, link, mkdir, open, rm, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { Figures } from "../harness.ts";
import { atOnce, Meter } from "../meter.ts";

export interface FsCreatesTask {
  readonly client: "store" | "promises";
  /** A folder that is empty. */
  readonly root: string;
  readonly bytes: number;
  readonly atOnce: number;
  readonly count: number;
}

type Create = (name: string, body: Uint8Array) => Promise<unknown>;

export async function prepare(task: FsCreatesTask): Promise<() => Promise<Figures>> {
  const body = new Uint8Array(task.bytes).fill(7);
  const folder = join(task.root, "objects");
  const create = task.client === "store" ? await storeCreate(task.root) : promisesCreate(folder);
  const run = async (): Promise<Figures> => {
    await mkdir(folder, { recursive: true });
    const meter = new Meter();
    await atOnce(task.count, task.atOnce, (number) => create(`object-${number}`, body));
    const figures = meter.each(task.count);
    await rm(folder, { recursive: true });
    return figures;
  };
  await run();
  return run;
}

async function storeCreate(root: string): Promise<Create> {
  const { FsStore } = await import("@state/fs");
  const store = new FsStore({ root });
  return async (name, body) => {
    if ((await store.create(`objects/${name}`, body)) !== "created") throw new Error(`${name} exists`);
  };
}

/** Another name, flushed, linked if nothing is there, and the directory flushed. */
function promisesCreate(folder: string): Create {
  return async (name, body) => {
    const staging = join(folder, `.staging-${name}`);
    await using file = await open(staging, "wx", 0o600);
    await file.writeFile(body);
    await file.sync();
    await link(staging, join(folder, name));
    await unlink(staging);
    await flushed(await open(folder));
  };
}

async function flushed(directory: FileHandle): Promise<void> {
  await using flushing = directory;
  await flushing.sync();
}
