import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunningProcess } from "./process.ts";
import type { Server } from "./server.ts";

/** A server whose data outlives its process. Whoever started it stops it. */
export interface RestartableServer extends Server {
  /** Ends the process by `SIGKILL`, and keeps its data. */
  kill(): Promise<void>;
  /** Ends the process by `SIGTERM` if it still runs, and starts it again on its port and its data. */
  restart(): Promise<void>;
  /** Ends the process. The data is deleted, unless the start named a location for it. */
  stop(): Promise<void>;
}

export interface RestartableOptions {
  /** The name of the folder that is made if there is no location. */
  readonly name: string;
  /** The folder that keeps the data after `stop`. It has to exist. */
  readonly location?: string | undefined;
  /** Starts the process on the data of the folder: on a free port, or on the one that it had before. */
  readonly start: (folder: string, port: number | undefined) => Promise<RunningProcess>;
}

export async function startRestartable(options: RestartableOptions): Promise<RestartableServer> {
  const { name, location, start } = options;
  const folder = location ?? (await mkdtemp(join(tmpdir(), `state-${name}-`)));
  const clean = async (): Promise<void> => {
    if (location === undefined) await rm(folder, { recursive: true });
  };
  let running: RunningProcess;
  try {
    running = await start(folder, undefined);
  } catch (error) {
    await clean();
    throw error;
  }
  const { endpoint } = running;
  return {
    endpoint,
    kill: () => running.end("SIGKILL"),
    async restart() {
      await running.end("SIGTERM");
      running = await start(folder, Number(new URL(endpoint).port));
    },
    async stop() {
      // Nobody reads data that is about to be deleted, so nothing has to be written in order.
      await running.end(location === undefined ? "SIGKILL" : "SIGTERM");
      await clean();
    },
  };
}
