import {
  ContainerClient,
  newPipeline,
  type StoragePipelineOptions,
  StorageSharedKeyCredential,
} from "@azure/storage-blob";
import { Storage } from "@google-cloud/storage";
import { AzureStore } from "@state/azure";
import type { ObjectStore } from "@state/core";
import { GcsStore } from "@state/gcs";
import { S3Store } from "@state/s3";
import { respondWith, type Script } from "@state/servers/testing";
import { UserRefreshClient } from "google-auth-library";

export type StoreName = "s3" | "gcs" | "azure";

/** How a store meets a situation that no server would make. */
export interface Rig {
  readonly name: StoreName;
  /** Whether requests may go without the SDK's pipeline, where the store has both ways. */
  readonly directRequests: boolean;
  /** A store with credentials that are known. */
  readonly open: (endpoint: string, idleTimeoutMs?: number) => ObjectStore;
  /** A store whose credentials come from an issuer, each time as `tokenFrom` says. */
  readonly openWithIssuer: (endpoint: string, issuer: string) => ObjectStore;
  /** The same, from an issuer whose refusal the SDK passes on. */
  readonly openRefused: Rig["openWithIssuer"];
  /** The issuer's response with a token. */
  readonly token: (token: string) => Script;
  /** The issuer's response that refuses for good. */
  readonly refusal: Script;
  /** The service's own response: there is no such object. */
  readonly absent: Script;
  /** The service's own response: the token is not good, or not any more. */
  readonly tokenRefused: Script;
  /** The head of a get's response, as the service sends it. */
  readonly objectHeaders: Readonly<Record<string, string>>;
}

function xml(status: number, code: string, headers: Readonly<Record<string, string>> = {}): Script {
  const body = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>made up</Message></Error>`;
  return respondWith(status, body, { "content-type": "application/xml", ...headers });
}

const bucket = "bucket";

const s3 = (directRequests: boolean): Rig => ({
  name: "s3",
  directRequests,
  // What a container's issuer says is lost in the SDK's chain; what STS says is not.
  openRefused: (endpoint) => {
    const said = {
      name: "AccessDenied",
      message: "made up",
      $fault: "client",
      $metadata: { httpStatusCode: 403 },
    };
    const credentials = (): Promise<never> => Promise.reject(Object.assign(new Error("made up"), said));
    return new S3Store({
      bucket,
      directRequests,
      clientConfig: { endpoint, region: "us-east-1", forcePathStyle: true, credentials },
    });
  },
  open: (endpoint, idleTimeoutMs) =>
    new S3Store({
      bucket,
      directRequests,
      idleTimeoutMs,
      clientConfig: {
        endpoint,
        region: "us-east-1",
        forcePathStyle: true,
        credentials: {
          accessKeyId: "AKIAEXAMPLE",
          secretAccessKey: "a-secret-access-key",
          sessionToken: "a-session-token/with+odd=characters",
        },
      },
    }),
  openWithIssuer: (endpoint, issuer) => {
    for (const name of ["AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
      delete process.env[name];
    process.env["AWS_SHARED_CREDENTIALS_FILE"] = "/nonexistent";
    process.env["AWS_CONFIG_FILE"] = "/nonexistent";
    process.env["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = issuer;
    return new S3Store({
      bucket,
      directRequests,
      clientConfig: { endpoint, region: "us-east-1", forcePathStyle: true },
    });
  },
  token: (token) =>
    respondWith(
      200,
      JSON.stringify({
        AccessKeyId: "AKIAISSUED",
        SecretAccessKey: "an-issued-secret",
        Token: token,
        Expiration: new Date(Date.now() + 3_600_000).toISOString(),
      }),
    ),
  refusal: respondWith(403, JSON.stringify({ Code: "AccessDenied", Message: "made up" })),
  absent: xml(404, "NoSuchKey"),
  tokenRefused: xml(400, "ExpiredToken"),
  objectHeaders: { etag: '"1"', "content-type": "application/octet-stream" },
});

function json(status: number, reason: string): Script {
  const error = {
    code: status,
    message: "made up",
    errors: [{ message: "made up", domain: "global", reason }],
  };
  return respondWith(status, JSON.stringify({ error }), {
    "content-type": "application/json; charset=UTF-8",
  });
}

const gcs: Rig = {
  name: "gcs",
  directRequests: true,
  openRefused: (endpoint, issuer) => gcs.openWithIssuer(endpoint, issuer),
  open: (endpoint, idleTimeoutMs) =>
    new GcsStore({
      bucket,
      idleTimeoutMs,
      storage: new Storage({
        apiEndpoint: endpoint,
        useAuthWithCustomEndpoint: true,
        projectId: "project",
        authClient: authClientOf("http://127.0.0.1:9", "ya29.a-token-that-is-good-for-an-hour"),
      }),
    }),
  openWithIssuer: (endpoint, issuer) =>
    new GcsStore({
      bucket,
      storage: new Storage({
        apiEndpoint: endpoint,
        useAuthWithCustomEndpoint: true,
        projectId: "project",
        authClient: authClientOf(issuer),
      }),
    }),
  token: (token) =>
    respondWith(200, JSON.stringify({ access_token: token, expires_in: 3_600, token_type: "Bearer" }), {
      "content-type": "application/json",
    }),
  refusal: respondWith(400, JSON.stringify({ error: "invalid_grant", error_description: "made up" }), {
    "content-type": "application/json",
  }),
  absent: (request, response, number) =>
    (request.url?.includes("alt=media") === true
      ? respondWith(404, "No such object: bucket/key", { "x-guploader-uploadid": "1" })
      : json(404, "notFound"))(request, response, number),
  tokenRefused: json(401, "authError"),
  objectHeaders: { "x-goog-hash": "crc32c=AAAAAA==", "x-guploader-uploadid": "1" },
};

function authClientOf(issuer: string, token?: string): UserRefreshClient {
  const client = new UserRefreshClient({
    clientId: "client",
    clientSecret: "a-client-secret",
    refreshToken: "a-refresh-token",
    endpoints: { oauth2TokenUrl: issuer },
  });
  if (token !== undefined)
    client.setCredentials({
      access_token: token,
      refresh_token: "a-refresh-token",
      expiry_date: Date.now() + 3_600_000,
    });
  return client;
}

const accountKey = Buffer.from("the key of an account that is not there").toString("base64");

const azure = (directRequests: boolean): Rig => ({
  name: "azure",
  directRequests,
  openRefused: azureWithIssuer,
  open: (endpoint, idleTimeoutMs) =>
    new AzureStore({
      accountUrl: `${endpoint}/account`,
      containerName: bucket,
      credential: new StorageSharedKeyCredential("account", accountKey),
      idleTimeoutMs,
      directRequests,
    }),
  openWithIssuer: azureWithIssuer,
  token: (token) => respondWith(200, JSON.stringify({ token })),
  refusal: respondWith(400, JSON.stringify({ error: "invalid_client" })),
  absent: xml(404, "BlobNotFound", { "x-ms-error-code": "BlobNotFound", "x-ms-request-id": "1" }),
  tokenRefused: xml(401, "InvalidAuthenticationInfo", {
    "x-ms-error-code": "InvalidAuthenticationInfo",
    "x-ms-request-id": "1",
  }),
  objectHeaders: {
    etag: '"1"',
    "last-modified": "Wed, 21 Oct 2015 07:28:00 GMT",
    "x-ms-blob-type": "BlockBlob",
    "x-ms-request-id": "1",
  },
});

/** Tokens are the SDK's, and so are the requests that have them. */
function azureWithIssuer(endpoint: string, issuer: string): AzureStore {
  const credential = { getToken: () => issuedToken(issuer) };
  const pipeline = newPipeline(credential, { httpClient: plainHttp(endpoint) });
  return new AzureStore({ container: new ContainerClient(`https://account.invalid/${bucket}`, pipeline) });
}

/** The SDK sends tokens over TLS only. What is sent goes to the scripted server all the same. */
function plainHttp(endpoint: string): NonNullable<StoragePipelineOptions["httpClient"]> {
  return {
    sendRequest: async (request) => {
      const { method, headers } = request;
      const response = await fetch(request.url.replace("https://account.invalid", endpoint), {
        method,
        headers: headers.headersArray().map(({ name, value }) => [name, value]),
      });
      const received = headers.clone();
      for (const { name } of headers.headersArray()) received.remove(name);
      for (const [name, value] of response.headers) received.set(name, value);
      return { request, headers: received, status: response.status, bodyAsText: await response.text() };
    },
  };
}

/** As the credentials of `@azure/identity` do: they reject with an error that has the issuer's status, if it has responded. */
async function issuedToken(issuer: string): Promise<{ token: string; expiresOnTimestamp: number }> {
  const response = await fetch(issuer).catch((error: unknown) => {
    throw Object.assign(new Error("Network error", { cause: error }), { name: "CredentialUnavailableError" });
  });
  const { status } = response;
  if (status !== 200) {
    const text = await response.text();
    throw Object.assign(new Error(`${status}: ${text}`), { name: "AuthenticationError", statusCode: status });
  }
  const { token } = (await response.json()) as { token: string };
  return { token, expiresOnTimestamp: Date.now() + 3_600_000 };
}

export const rigs: readonly Rig[] = [s3(true), gcs, azure(true)];

/** The same stores through their SDKs. */
export const sdkRigs: readonly Rig[] = [s3(false), azure(false)];
