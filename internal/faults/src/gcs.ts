import { GcsStore } from "@state/gcs";
import { gcsFromEnvironment, startGcsDouble } from "@state/servers";
import { type HttpResponse, httpResponse } from "@state/servers/proxy";
import { retryAfter, type Service, type Target, withText } from "./service.ts";

function refusal(
  status: number,
  reason: string,
  headers: Readonly<Record<string, string>> = {},
): HttpResponse {
  const error = {
    code: status,
    message: "made up",
    errors: [{ message: "made up", domain: "global", reason }],
  };
  return httpResponse(
    status,
    { "Content-Type": "application/json; charset=UTF-8", ...headers },
    JSON.stringify({ error }),
  );
}

/** The server that `STATE_TEST_GCS` names, or a double. */
async function start(): Promise<Target> {
  const named = gcsFromEnvironment();
  if (named === undefined) {
    const double = await startGcsDouble({ anonymous: true });
    return {
      ...targetOf(double.endpoint, double.bucket, "faults"),
      server: "the double",
      stop: () => double.stop(),
    };
  }
  return targetOf(named.endpoint, named.bucket, named.root);
}

function targetOf(server: string, bucket: string, root: string): Target {
  return {
    server,
    endpoint: server,
    open: (endpoint, prefix, idleTimeoutMs) =>
      new GcsStore({
        bucket,
        prefix: `${root}/${prefix}`,
        idleTimeoutMs,
        storageOptions: { apiEndpoint: endpoint },
      }),
    stop: async () => undefined,
  };
}

export const gcs: Service = {
  name: "gcs",
  start,
  operationOf({ method, url }) {
    if (method === "POST") return url.startsWith("/upload/") ? "create" : undefined;
    if (method === "DELETE") return "delete";
    if (method !== "GET") return undefined;
    return url.includes("alt=media") ? "get" : "list";
  },
  refusals: {
    "408": refusal(408, "uploadBrokenConnection"),
    "409, a request for the same key is under way": refusal(409, "conflict"),
    "409, of another kind": refusal(409, "otherConflict"),
    "412": refusal(412, "conditionNotMet"),
    "429, Retry-After": refusal(429, "rateLimitExceeded", { "Retry-After": retryAfter }),
    "503, Retry-After": refusal(503, "backendError", { "Retry-After": retryAfter }),
    "500": refusal(500, "backendError"),
    "403": refusal(403, "forbidden"),
    "301": refusal(301, "movedPermanently"),
    "200 with an error in its body": refusal(200, "backendError"),
  },
  withoutResponseBody: ["delete"],
  pageParameter: "pageToken",
  withNextPage: (listing) =>
    withText(listing, (text) =>
      JSON.stringify({ ...(JSON.parse(text) as Record<string, unknown>), nextPageToken: "again" }),
    ),
};
