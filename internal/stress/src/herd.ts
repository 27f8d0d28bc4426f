import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Place } from "./place.ts";

/** What the open of one process came to. */
export interface Opened {
  /** Attempts of store requests. */
  readonly requests: number;
  /** Those that were not the first of their request. */
  readonly repeated: number;
  readonly ms: number;
  /** The error, if the open was refused. */
  readonly refused?: string | undefined;
}

const opener = new URL("./opener.ts", import.meta.url).pathname;

/** How many processes load their store at once: each of them keeps a core busy for a while. */
const loadingAtOnce = 4;

/** Starts so many processes, and lets them open one namespace at once, when each of them has loaded its store. */
export async function herd(place: Place, size: number): Promise<readonly Opened[]> {
  const children: ChildProcess[] = [];
  // What the first process compiles, the others load: three times as fast.
  const cache = await mkdtemp(join(tmpdir(), "state-herd-"));
  const load = async (): Promise<void> => {
    const child = fork(opener, [], {
      execArgv: ["--conditions=@state/source"],
      env: { ...process.env, NODE_COMPILE_CACHE: cache },
    });
    children.push(child);
    const response = await ask<string>(child, place);
    if (response !== "ready") throw new Error(`a process of the herd responded with ${response}`);
  };
  const loadMore = async (): Promise<void> => {
    while (children.length < size) await load();
  };
  try {
    await load();
    await Promise.all(Array.from({ length: loadingAtOnce }, loadMore));
    return await Promise.all(children.map((child) => ask<Opened>(child, "open")));
  } finally {
    for (const child of children) child.kill("SIGKILL");
    await rm(cache, { recursive: true });
  }
}

/** Sends a message, and returns the child's next one. Not as an argument: a place may hold credentials. */
async function ask<Response>(child: ChildProcess, message: Place | "open"): Promise<Response> {
  const ended = new AbortController();
  const { signal } = ended;
  child.send(message);
  const exit = once(child, "exit", { signal }).then(([code]) => {
    throw new Error(`a process of the herd ended with ${String(code)}`);
  });
  const response = once(child, "message", { signal }).then(([value]) => value as Response);
  try {
    return await Promise.race([response, exit]);
  } finally {
    ended.abort();
    await Promise.allSettled([exit, response]);
  }
}
