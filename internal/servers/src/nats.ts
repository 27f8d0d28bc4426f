import { binaryOf, nats } from "./installed.ts";
import { freePort, startProcess } from "./process.ts";
import { type RestartableServer, startRestartable } from "./restartable.ts";

/** NATS with JetStream. */
export interface NatsServer extends RestartableServer {
  /** `nats://127.0.0.1:PORT` */
  readonly url: string;
}

export interface NatsOptions {
  /** The folder that keeps the streams after `stop`. It has to exist. Left out, `stop` deletes the streams. */
  readonly location?: string | undefined;
}

/** Starts one node of NATS, whose streams are files, without authentication. */
export async function startNats({ location }: NatsOptions = {}): Promise<NatsServer> {
  const server = await startRestartable({
    name: "nats",
    location,
    async start(folder, port) {
      const monitor = await freePort();
      return startProcess({
        name: "NATS",
        port,
        command: binaryOf(nats),
        args: (client) => [
          "--addr",
          "127.0.0.1",
          "--port",
          String(client),
          "--http_port",
          String(monitor),
          "--jetstream",
          "--store_dir",
          folder,
        ],
        isReady: async () => (await fetch(`http://127.0.0.1:${monitor}/healthz`)).ok,
      });
    },
  });
  return { ...server, url: `nats://${new URL(server.endpoint).host}` };
}
