import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { Storage } from "@google-cloud/storage";
import { type AuthClient, OAuth2Client, PassThroughClient } from "google-auth-library";
import { GcsStore, type GcsStoreOptions } from "../../src/index.ts";

export type Script = (request: IncomingMessage, response: ServerResponse, number: number) => void;

/** A server on loopback that answers as the test says. */
export interface ScriptedServer extends AsyncDisposable {
  readonly endpoint: string;
  /** `METHOD /path?query` of each request, as soon as its head has come. */
  readonly requests: readonly string[];
  readonly headers: readonly IncomingMessage["headers"][];
  readonly sockets: readonly Socket[];
  store(options?: Partial<GcsStoreOptions>): GcsStore;
}

export const token = "ya29.the-access-token";
export const refreshToken = "1//the-refresh-token";

/** A client that holds a token and would fetch another after a 401 or a 403: by default its second try is a second request. */
export function authClient(): OAuth2Client {
  const client = new OAuth2Client({
    clientId: "id",
    clientSecret: "the-client-secret",
    forceRefreshOnFailure: true,
  });
  client.setCredentials({ access_token: token, refresh_token: refreshToken });
  return client;
}

type TransporterOptions = NonNullable<
  NonNullable<ConstructorParameters<typeof PassThroughClient>[0]>["transporterOptions"]
>;

/** A store that sends through a client whose transport has these options, without credentials. */
export function storeBy(transporterOptions: TransporterOptions, endpoint = "http://127.0.0.1:1"): GcsStore {
  return storeWith(new PassThroughClient({ transporterOptions }), endpoint);
}

export function storeWith(client: AuthClient, endpoint = "http://127.0.0.1:1"): GcsStore {
  const storage = new Storage({
    apiEndpoint: endpoint,
    useAuthWithCustomEndpoint: true,
    authClient: client,
  });
  return new GcsStore({ bucket: "bucket", prefix: "job", storage });
}

/** A client that has to fetch a token from `tokenUrl` before its first request, in one try. */
export function clientWithoutToken(tokenUrl: string): OAuth2Client {
  const client = new OAuth2Client({
    clientId: "id",
    clientSecret: "the-client-secret",
    endpoints: { oauth2TokenUrl: tokenUrl },
    transporterOptions: { retryConfig: { retry: 0 } },
  });
  client.setCredentials({ refresh_token: refreshToken });
  return client;
}

export async function scriptedServer(script: Script): Promise<ScriptedServer> {
  const requests: string[] = [];
  const headers: IncomingMessage["headers"][] = [];
  const sockets: Socket[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    headers.push(request.headers);
    script(request, response, requests.length);
  });
  server.on("connection", (socket) => sockets.push(socket));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("a TCP server without a port");
  const endpoint = `http://127.0.0.1:${address.port}`;
  return {
    endpoint,
    requests,
    headers,
    sockets,
    store: (options = {}) =>
      new GcsStore({
        bucket: "bucket",
        prefix: "job",
        ...(options.storage === undefined
          ? {
              storageOptions: {
                apiEndpoint: endpoint,
                useAuthWithCustomEndpoint: true,
                authClient: authClient(),
              },
            }
          : {}),
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
      const length = status === 204 ? {} : { "content-length": Buffer.byteLength(body) };
      response.writeHead(status, { ...length, ...headers }).end(body);
    });
  };
}

export function errorBody(status: number, reason: string, message = `what ${reason} says`): string {
  return JSON.stringify({
    error: { code: status, message, errors: [{ message, domain: "global", reason }] },
  });
}

export function answerError(
  status: number,
  reason: string,
  message?: string,
  headers: Readonly<Record<string, string>> = {},
): Script {
  return answer(status, errorBody(status, reason, message), {
    "content-type": "application/json",
    ...headers,
  });
}
