import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { S3ClientConfig } from "@aws-sdk/client-s3";
import { S3Store, type S3StoreOptions } from "../../src/index.ts";

export type Script = (request: IncomingMessage, response: ServerResponse, number: number) => void;

/** A server on loopback that answers as the test says. */
export interface ScriptedServer extends AsyncDisposable {
  readonly endpoint: string;
  /** `METHOD /path?query` of each request, as soon as its head has come. */
  readonly requests: readonly string[];
  readonly headers: readonly IncomingMessage["headers"][];
  readonly sockets: readonly Socket[];
  store(options?: Partial<S3StoreOptions>): S3Store;
  config(): S3ClientConfig;
}

export const credentials = {
  accessKeyId: "AKIASCRIPTED",
  secretAccessKey: "the-secret-access-key",
  sessionToken: "the-session-token",
} as const;

export async function scriptedServer(script: Script): Promise<ScriptedServer> {
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
  const endpoint = `http://127.0.0.1:${address.port}`;
  const config = (): S3ClientConfig => ({ endpoint, region: "us-east-1", forcePathStyle: true, credentials });
  return {
    endpoint,
    requests,
    headers,
    sockets,
    config,
    store: (options = {}) =>
      new S3Store({
        bucket: "bucket",
        prefix: "job",
        ...(options.client === undefined ? { clientConfig: config() } : {}),
        ...options,
      }),
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
      response.writeHead(status, { "content-length": Buffer.byteLength(body), ...headers }).end(body);
    });
  };
}

export function answerError(
  status: number,
  code: string,
  headers: Readonly<Record<string, string>> = {},
): Script {
  return answer(status, errorBody(code), { "content-type": "application/xml", ...headers });
}

export function errorBody(code: string, more = ""): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>what ${code} says</Message>${more}<RequestId>1</RequestId></Error>`;
}

export function listBody(keys: readonly string[], more = "<IsTruncated>false</IsTruncated>"): string {
  const contents = keys.map((key) => `<Contents><Key>${key}</Key><Size>1</Size></Contents>`).join("");
  return `<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${more}${contents}</ListBucketResult>`;
}
