import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { closeServer, listenOnLoopback } from "../loopback.ts";
import type { Server } from "../server.ts";
import { respond } from "./api.ts";
import { Bucket } from "./bucket.ts";
import { type GcsResponse, unauthorized } from "./responses.ts";
import { type ServiceAccountKey, Tokens } from "./tokens.ts";

export interface GcsDoubleOptions {
  /** The only bucket. Default `bucket`. */
  readonly bucket?: string | undefined;
  /** Takes requests without a token, as an emulator does. Default `false`. */
  readonly anonymous?: boolean | undefined;
  /** Fields of the bucket's own resource, as the JSON API has them. Default: nothing is turned on. */
  readonly resource?: Readonly<Record<string, unknown>> | undefined;
  /** Whether the account has `storage.buckets.get`. Default `true`. */
  readonly mayDescribe?: boolean | undefined;
  /** Milliseconds since 1970: what responses are dated by. */
  readonly now?: (() => number) | undefined;
}

export interface SeenGcsRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
}

/** Google Cloud Storage in memory, behind its JSON API. */
export interface GcsDouble extends Server {
  readonly bucket: string;
  /**
   * The only account that `tokenUrl` gives tokens to. The SDK sends such keys to
   * oauth2.googleapis.com: tests redirect it.
   */
  readonly credentials: ServiceAccountKey;
  readonly tokenUrl: string;
  /** Every request to the API, those for tokens not counted. */
  readonly requests: SeenGcsRequest[];
  readonly tokensGiven: () => readonly string[];
  /** Refuses every token that was given so far. */
  readonly revokeTokens: () => void;
  readonly connections: () => number;
  readonly objects: Bucket;
}

/** Starts the double on a free port of 127.0.0.1. */
export async function startGcsDouble(options: GcsDoubleOptions = {}): Promise<GcsDouble> {
  const { bucket = "bucket", anonymous = false, resource = {}, mayDescribe = true } = options;
  const { now = Date.now } = options;
  const objects = new Bucket();
  const tokens = new Tokens();
  const requests: SeenGcsRequest[] = [];
  const failures: unknown[] = [];
  let connections = 0;

  const responseTo = async (request: IncomingMessage): Promise<GcsResponse> => {
    const { method = "", url = "", headers } = request;
    const content = await buffer(request);
    if (url === "/token") return tokens.respond(new URLSearchParams(content.toString("utf8")));
    requests.push({ method, url, headers });
    const { authorization } = headers;
    if (!anonymous && !tokens.knows(authorization ?? "")) return unauthorized(authorization !== undefined);
    const contentType = headers["content-type"] ?? "";
    const named = { bucket: objects, bucketName: bucket, resource: mayDescribe ? resource : undefined };
    return respond(named, { method, url: new URL(url, "http://localhost"), contentType, content });
  };

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      const { status, headers, body } = await responseTo(request);
      const length = status === 204 ? {} : { "content-length": String(body.byteLength) };
      response.writeHead(status, { date: new Date(now()).toUTCString(), ...headers, ...length }).end(body);
    } catch (error) {
      // Tests end some clients in the middle of a request. Any other failure is the double's.
      if (request.complete) failures.push(error);
      response.destroy();
    }
  };

  const server = createServer((request, response) => {
    void serve(request, response);
  });
  server.on("connection", () => {
    connections += 1;
  });
  const endpoint = `http://127.0.0.1:${await listenOnLoopback(server)}`;
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
      await closeServer(server);
      if (failures.length > 0)
        throw new AggregateError(failures, "the double failed at requests that came whole");
    },
  };
}
