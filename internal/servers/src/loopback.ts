import { once } from "node:events";
import type { Server as HttpServer } from "node:http";
import type { Server as TcpServer } from "node:net";

/** Makes the server listen on a free port of 127.0.0.1, and returns the port. */
export async function listenOnLoopback(server: TcpServer): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("a TCP server without a port");
  return address.port;
}

/** Stops listening and cuts the connections that are left. Resolves once all are closed. */
export async function closeServer(server: HttpServer): Promise<void> {
  const closed = once(server, "close");
  server.close();
  server.closeAllConnections();
  await closed;
}
