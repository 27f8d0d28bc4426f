import { AzureStore } from "@state/azure";
import { createContainer, startAzurite } from "@state/servers";
import { type HttpResponse, httpResponse } from "@state/servers/proxy";
import { retryAfter, type Service, type Target, withText } from "./service.ts";

function refusal(status: number, code: string, headers: Readonly<Record<string, string>> = {}): HttpResponse {
  const body = `<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>made up</Message></Error>`;
  return httpResponse(
    status,
    { "Content-Type": "application/xml", "x-ms-error-code": code, ...headers },
    body,
  );
}

/** The account that `STATE_TEST_AZURE` is in, or Azurite. */
async function start(): Promise<Target> {
  const named = process.env["STATE_TEST_AZURE"];
  if (named === undefined) {
    const server = await startAzurite();
    await createContainer(server, "faults");
    return { ...targetOf(server.connectionString, "faults", "faults"), stop: () => server.stop() };
  }
  const [containerName = "", ...segments] = new URL(named).pathname.slice(1).split("/");
  const connectionString = process.env["AZURE_STORAGE_CONNECTION_STRING"] ?? "";
  return targetOf(connectionString, containerName, segments.join("/"));
}

function targetOf(connectionString: string, containerName: string, root: string): Target {
  const account = /(?<=BlobEndpoint=)http:[^;]*/.exec(connectionString)?.[0];
  if (account === undefined)
    throw new Error("the account has no endpoint in plain HTTP for a proxy to stand before");
  const server = new URL(account).origin;
  return {
    server,
    endpoint: server,
    open: (endpoint, prefix, idleTimeoutMs, directRequests) =>
      new AzureStore({
        connectionString: connectionString.replace(server, endpoint),
        containerName,
        prefix: `${root}/${prefix}`,
        idleTimeoutMs,
        directRequests,
      }),
    stop: async () => undefined,
  };
}

export const azure: Service = {
  name: "azure",
  start,
  operationOf({ method, url }) {
    // A store asks for the account's kind before its first create.
    if (url.includes("restype=account")) return undefined;
    if (method === "PUT") return "create";
    if (method === "GET") return url.includes("comp=list") ? "list" : "get";
    if (method === "DELETE") return "delete";
    return method === "POST" && url.includes("comp=batch") ? "delete" : undefined;
  },
  refusals: {
    "408": refusal(408, "RequestTimeout"),
    "409, a request for the same key is under way": refusal(409, "BlobAlreadyExists"),
    "409, of another kind": refusal(409, "ContainerBeingDeleted"),
    "412": refusal(412, "ConditionNotMet"),
    "429, Retry-After": refusal(429, "TooManyRequests", { "Retry-After": retryAfter }),
    "503, Retry-After": refusal(503, "ServerBusy", { "Retry-After": retryAfter }),
    "500": refusal(500, "InternalError"),
    "403": refusal(403, "AuthorizationFailure"),
    "301": refusal(301, "Moved"),
    "200 with an error in its body": refusal(200, "InternalError"),
  },
  withoutResponseBody: [],
  pageParameter: "marker",
  withNextPage: (listing) =>
    withText(listing, (text) =>
      text.replace(/<NextMarker\s*\/>|<NextMarker><\/NextMarker>/, "<NextMarker>again</NextMarker>"),
    ),
};
