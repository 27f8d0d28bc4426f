import { Storage } from "@google-cloud/storage";
import { type AuthClient, OAuth2Client, PassThroughClient } from "google-auth-library";
import { respondWith, type Script, type ScriptedServer, startScriptedServer } from "@state/servers/testing";
import { GcsStore, type GcsStoreOptions } from "../../src/index.ts";

export const token = "ya29.the-access-token";
export const refreshToken = "1//the-refresh-token";

/**
 * A client that holds a token and would fetch another after a 401 or a 403: by default its second
 * try is a second request. The issuer refuses to give another.
 */
export function authClient(): OAuth2Client {
  const client = new OAuth2Client({
    clientId: "id",
    clientSecret: "the-client-secret",
    forceRefreshOnFailure: true,
  });
  client.transporter.interceptors.request.add({
    resolved: (options) => {
      if (options.url.host !== "oauth2.googleapis.com") return Promise.resolve(options);
      const response = { status: 400, headers: new Headers(), data: { error: "invalid_grant" } };
      return Promise.reject(Object.assign(new Error("invalid_grant"), { config: options, response }));
    },
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

/** A client that has to fetch a token from `tokenUrl` before its first request, in one try each time. */
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

/** A server that a store can be made for. */
export interface GcsServer extends ScriptedServer {
  store(options?: Partial<GcsStoreOptions>): GcsStore;
}

export async function scriptedServer(script: Script): Promise<GcsServer> {
  const server = await startScriptedServer(script);
  const storageOptions = { apiEndpoint: server.endpoint, useAuthWithCustomEndpoint: true };
  return {
    ...server,
    store: (options = {}) =>
      new GcsStore({
        bucket: "bucket",
        prefix: "job",
        ...(options.storage === undefined
          ? { storageOptions: { ...storageOptions, authClient: authClient() } }
          : {}),
        ...options,
      }),
  };
}

export function errorBody(status: number, reason: string, message = `what ${reason} says`): string {
  return JSON.stringify({
    error: { code: status, message, errors: [{ message, domain: "global", reason }] },
  });
}

export function errorResponse(
  status: number,
  reason: string,
  message?: string,
  headers: Readonly<Record<string, string>> = {},
): Script {
  return respondWith(status, errorBody(status, reason, message), {
    "content-type": "application/json",
    ...headers,
  });
}
