import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import type { Server } from "../server.ts";
import { type GcsAnswer, unauthorized } from "./answers.ts";
import { Api } from "./api.ts";
import type { Bucket } from "./bucket.ts";
import { type ServiceAccountKey, Tokens } from "./tokens.ts";

export interface GcsDoubleOptions {
  /** Made at the start. Default `bucket`. */
  readonly bucket?: string | undefined;
  /** Takes requests without a token, as an emulator does. Default `false`. */
  readonly anonymous?: boolean | undefined;
}

export interface SeenGcsRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
}

/** Google Cloud Storage in memory, as its JSON API answers. */
export interface GcsDouble extends Server {
  readonly bucket: string;
  /** The only account that `tokenUrl` gives tokens to. The SDK sends such keys to oauth2.googleapis.com: redirect it. */
  readonly credentials: ServiceAccountKey;
  readonly tokenUrl: string;
  /** Every request to the API, those for tokens not counted. */
  readonly requests: SeenGcsRequest[];
  readonly tokensGiven: () => readonly string[];
  /** From now on no token that was given is known. */
  readonly revokeTokens: () => void;
  readonly connections: () => number;
  readonly objects: Bucket;
}

/** Starts the double on a free port of 127.0.0.1. */
export async function startGcsDouble(options: GcsDoubleOptions = {}): Promise<GcsDouble> {
  const { bucket = "bucket", anonymous = false } = options;
  const api = new Api();
  api.createBucket(bucket);
  const objects = api.bucket(bucket);
  if (objects === undefined) throw new Error(`the bucket ${bucket} was not made`);
  const tokens = new Tokens();
  const requests: SeenGcsRequest[] = [];
  const failures: unknown[] = [];
  let connections = 0;

  const answerTo = async (request: IncomingMessage): Promise<GcsAnswer> => {
    const { method = "", url = "", headers } = request;
    const content = await buffer(request);
    if (url === "/token") return tokens.answer(new URLSearchParams(content.toString("utf8")));
    requests.push({ method, url, headers });
    const { authorization } = headers;
    if (!anonymous && !tokens.knows(authorization ?? "")) return unauthorized(authorization !== undefined);
    const contentType = headers["content-type"] ?? "";
    return api.answer({ method, url: new URL(url, "http://localhost"), contentType, content });
  };

  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      const { status, headers, body } = await answerTo(request);
      const length = status === 204 ? {} : { "content-length": String(body.byteLength) };
      response.writeHead(status, { ...headers, ...length }).end(body);
    } catch (error) {
      // A client that goes away in the middle of its request is part of the tests; nothing else is.
      if (request.complete) failures.push(error);
      response.destroy();
    }
  };

  const server = createServer((request, response) => {
    void respond(request, response);
  });
  server.on("connection", () => {
    connections += 1;
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("a TCP server without a port");
  const endpoint = `http://127.0.0.1:${address.port}`;
  return {
    endpoint,
    bucket,
    credentials: tokens.key,
    tokenUrl: `${endpoint}/token`,
    requests,
    tokensGiven: () => tokens.given,
    revokeTokens: () => tokens.revokeAll(),
    connections: () => connections,
    objects,
    stop: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
      if (failures.length > 0)
        throw new AggregateError(failures, "the double failed at requests that came whole");
    },
  };
}
