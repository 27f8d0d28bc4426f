import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** What becomes of the request of this number, from 1. */
export type Script = (request: IncomingMessage, response: ServerResponse, number: number) => void;

/** A server on loopback that answers as the test says. */
export interface ScriptedServer extends AsyncDisposable {
  readonly endpoint: string;
  /** `METHOD /path?query` of each request, as soon as its head has come. */
  readonly requests: readonly string[];
  readonly headers: readonly IncomingMessage["headers"][];
  readonly sockets: readonly Socket[];
}

export async function startScriptedServer(script: Script): Promise<ScriptedServer> {
  const requests: string[] = [];
  const headers: IncomingMessage["headers"][] = [];
  const sockets: Socket[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    headers.push(request.headers);
    script(request, response, requests.length);
  });
  // A connection ends when a test says so, or when the store closes it.
  server.keepAliveTimeout = 0;
  server.on("connection", (socket) => sockets.push(socket));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("a TCP server without a port");
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    requests,
    headers,
    sockets,
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

/** Reads all of the request, then answers. */
export function answer(
  status: number,
  body: string | Uint8Array = "",
  headers: Readonly<Record<string, string>> = {},
): Script {
  return (request, response) => {
    request.resume().once("end", () => {
      const length = status === 204 ? {} : { "content-length": Buffer.byteLength(body) };
      response.writeHead(status, { ...length, ...headers }).end(body);
    });
  };
}
