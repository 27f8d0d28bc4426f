import { errors, Refusal } from "./error-response.ts";
import { type S3Response, xmlResponse } from "./operations.ts";
import type { Settings } from "./options.ts";
import type { SeenRequest } from "./request.ts";
import { resultXml } from "./xml.ts";

/** What the bucket says of itself; `undefined` if it was not asked for that. */
export function describeBucket(
  { method, query }: SeenRequest,
  { configuration, region }: Settings,
): S3Response | undefined {
  const { versioning, lifecycle, objectLock, isDirectory = false } = configuration;
  if (method === "HEAD") {
    const type = isDirectory ? { "x-amz-bucket-location-type": "AvailabilityZone" } : {};
    return { status: 200, headers: { "x-amz-bucket-region": region, ...type } };
  }
  if (method !== "GET") return undefined;
  if (query.has("versioning"))
    return xmlResponse(
      resultXml("VersioningConfiguration", versioning === undefined ? {} : { Status: versioning }),
    );
  if (query.has("lifecycle")) {
    if (lifecycle === undefined) throw new Refusal(errors.lifecycleAbsent);
    return xmlResponse(resultXml("LifecycleConfiguration", { Rule: lifecycle }));
  }
  if (query.has("object-lock")) {
    if (objectLock === undefined) throw new Refusal(errors.objectLockAbsent);
    return xmlResponse(resultXml("ObjectLockConfiguration", { ObjectLockEnabled: "Enabled", ...objectLock }));
  }
  return undefined;
}
