import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { listenOnLoopback } from "../loopback.ts";

/** A server on loopback below HTTP. */
export interface RawServer extends AsyncDisposable {
  readonly port: number;
  readonly sockets: readonly Socket[];
}

/** @param connected is given each connection; the errors of its socket are left aside */
export async function startRawServer(connected: (socket: Socket) => void): Promise<RawServer> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    // The other side may go at any moment: that is what is tested.
    socket.on("error", () => undefined);
    connected(socket);
  });
  return {
    port: await listenOnLoopback(server),
    sockets,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      const closed = once(server, "close");
      server.close();
      await closed;
    },
  };
}
