import { S3Store } from "@state/s3";
import { s3FromEnvironment, type S3Place, startS3Double } from "@state/servers";
import { type HttpResponse, httpResponse } from "@state/servers/proxy";
import { retryAfter, type Service, type Target, withText } from "./service.ts";

function refusal(status: number, code: string, headers: Readonly<Record<string, string>> = {}): HttpResponse {
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>made up</Message></Error>`;
  return httpResponse(status, { "Content-Type": "application/xml", ...headers }, body);
}

/** The server that `STATE_TEST_S3` names, or a double. */
async function start(): Promise<Target> {
  const named = s3FromEnvironment();
  if (named !== undefined) return targetOf(named, named.server.endpoint);
  const bucket = "state";
  const double = await startS3Double({ bucket });
  return targetOf({ server: double, bucket, root: "faults" }, "the double");
}

function targetOf({ server, bucket, root }: S3Place, name: string): Target {
  const { region, accessKeyId, secretAccessKey } = server;
  const credentials = { accessKeyId, secretAccessKey };
  return {
    server: name,
    endpoint: server.endpoint,
    open: (endpoint, prefix, idleTimeoutMs, directRequests) =>
      new S3Store({
        bucket,
        prefix: `${root}/${prefix}`,
        idleTimeoutMs,
        directRequests,
        clientConfig: { endpoint, region, credentials, forcePathStyle: true },
      }),
    stop: () => server.stop(),
  };
}

export const s3: Service = {
  name: "s3",
  start,
  operationOf({ method, url }) {
    if (method === "PUT") return "create";
    if (method === "GET") return url.includes("list-type=2") ? "list" : "get";
    return method === "POST" && url.includes("?delete") ? "delete" : undefined;
  },
  refusals: {
    "408": refusal(408, "RequestTimeout"),
    "409, a request for the same key is under way": refusal(409, "ConditionalRequestConflict"),
    "409, of another kind": refusal(409, "OperationAborted"),
    "412": refusal(412, "PreconditionFailed"),
    "429, Retry-After": refusal(429, "TooManyRequests", { "Retry-After": retryAfter }),
    "503, Retry-After": refusal(503, "SlowDown", { "Retry-After": retryAfter }),
    "500": refusal(500, "InternalError"),
    "403": refusal(403, "AccessDenied"),
    "301": refusal(301, "PermanentRedirect"),
    "200 with an error in its body": refusal(200, "InternalError"),
  },
  withoutResponseBody: [],
  pageParameter: "continuation-token",
  withNextPage: (listing) =>
    withText(listing, (text) =>
      text.replace(
        "<IsTruncated>false</IsTruncated>",
        "<IsTruncated>true</IsTruncated><NextContinuationToken>again</NextContinuationToken>",
      ),
    ),
};
