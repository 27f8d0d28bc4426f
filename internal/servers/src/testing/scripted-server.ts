import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { closeServer, listenOnLoopback } from "../loopback.ts";

/** Handles the request of this number, counted from 1. */
export type Script = (request: IncomingMessage, response: ServerResponse, number: number) => void;

/** A server on loopback that does with each request what a script says. */
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
  // Idle connections stay open until a test or the store closes them.
  server.keepAliveTimeout = 0;
  server.on("connection", (socket) => sockets.push(socket));
  return {
    endpoint: `http://127.0.0.1:${await listenOnLoopback(server)}`,
    requests,
    headers,
    sockets,
    [Symbol.asyncDispose]: () => closeServer(server),
  };
}

/** Reads the whole request, then sends this response. */
export function respondWith(
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
