import { isStoreError, type Remark } from "@state/core";
import { clockRemark, fieldOf, proxyVariables, type StoreCall } from "@state/core/adapter";
import { isOfService, responseError } from "../errors.ts";
import type { Settings } from "../options.ts";
import { jsonOf, type TextResponse } from "../response.ts";
import type { Service } from "../sdk.ts";
import { bucketRemarks, clientFields } from "./bucket.ts";
import { lifecycleRemarks } from "./lifecycle.ts";

export interface Examined {
  readonly settings: Settings;
  readonly call: StoreCall;
  /** Sends a `GET` for this path, once. */
  readonly send: (path: string) => Promise<TextResponse>;
  readonly way: () => Service["lastWay"];
}

const permission = "storage.buckets.get";
/** What is told of a bucket in one response. */
const unseenMatters = [
  "versioning",
  "lifecycle",
  "retention",
  "soft delete",
  "storage class",
  "namespace",
  "access",
];

/** Asks for the bucket's own resource, by one request, and says what follows from it. */
export async function examine(
  { settings, call, send, way }: Examined,
  signal: AbortSignal | undefined,
): Promise<readonly Remark[]> {
  const { bucket, userProject } = settings;
  const query = new URLSearchParams({
    projection: "noAcl",
    fields: clientFields,
    ...(userProject === undefined ? {} : { userProject }),
  });
  const proxies = proxyRemarks(process.env);
  const sentAt = Date.now();
  try {
    const response = await send(`/storage/v1/b/${encodeURIComponent(bucket)}?${query}`);
    const times = { sentAt, receivedAt: Date.now() };
    const clock = clockRemark(response.headers.get("date"), times, tokens);
    if (response.status === 403 && isOfService(response))
      return [
        ...unseenMatters.map((about) => notPermitted(about, bucket)),
        clock,
        pathRemark(way()),
        ...proxies,
      ];
    const resource = response.status === 200 ? jsonOf(response) : undefined;
    if (resource === undefined) throw responseError(response, call);
    const rules = fieldOf(resource["lifecycle"], "rule");
    return [
      ...bucketRemarks(resource, settings),
      ...lifecycleRemarks(Array.isArray(rules) ? rules : [], resource["storageClass"], settings),
      clock,
      pathRemark(way()),
      ...proxies,
    ];
  } catch (error) {
    if (signal?.aborted === true || !isStoreError(error)) throw error;
    return [
      { about: "bucket", outcome: "unknown", message: `it could not be asked: ${error.message}` },
      pathRemark(way()),
      ...proxies,
    ];
  }
}

const tokens =
  "a service account signs for its tokens by this clock, and is refused them if it is some minutes off";

function notPermitted(about: string, bucket: string): Remark {
  const message = `not permitted to look: ${permission} is missing`;
  const next = `gcloud storage buckets add-iam-policy-binding gs://${bucket} --member=PRINCIPAL --role=roles/storage.bucketViewer, if you want to see it: checkpoints do not need it`;
  return { about, outcome: "unknown", message, next };
}

/** The SDK's `fetch` takes about twice the CPU. */
function pathRemark(way: Service["lastWay"]): Remark {
  const about = "request path";
  if (way === undefined) return { about, outcome: "unknown", message: "nothing was sent yet" };
  if (way.needOfFetch === undefined)
    return { about, outcome: "ok", message: "what the SDK prepares is sent by Node's own client" };
  const message = `requests are sent by the SDK's fetch, which takes about twice the CPU: ${way.needOfFetch}`;
  const next = "new GcsStore({ bucket, prefix }), without what the reason names";
  return { about, outcome: "warning", message, next };
}

/** The SDK's transport takes them from the environment. */
function proxyRemarks(environment: Readonly<Record<string, string | undefined>>): readonly Remark[] {
  const variables = proxyVariables(environment).filter((name) => !/^all_proxy$/i.test(name));
  if (variables.length === 0) return [];
  const message = `${variables.join(", ")} ${variables.length === 1 ? "is" : "are"} set, and heeded: requests go by it, except to hosts in NO_PROXY`;
  return [{ about: "proxy", outcome: "ok", message }];
}
