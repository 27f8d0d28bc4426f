import type * as Sdk from "@aws-sdk/client-s3";
import { isStoreError, type Remark } from "@state/core";
import { loadSdk } from "@state/core/adapter";
import { type Command, stackOf } from "../commands.ts";
import { serviceCodeOf } from "../errors.ts";
import type { Settings } from "../options.ts";
import type { Requester } from "../request.ts";
import type { WireResponse } from "../wire.ts";
import { bucketRemark, lockRemark, versioningRemark } from "./bucket.ts";
import { clockOf, pathRemark, proxyRemarks, type Times } from "./client.ts";
import { lifecycleRemarks, type Lifecycle } from "./lifecycle.ts";
import { classRemark } from "./storage-class.ts";

/** What became of one look. */
export type Look<T> =
  | { readonly seen: true; readonly output: T | undefined }
  | { readonly seen: false; readonly remark: Remark };

/** One look at the bucket. */
interface Matter {
  readonly about: string;
  readonly permission: string;
  readonly command: Command;
  /** The code by which the service says that there is no such thing. */
  readonly absent?: string;
}

/** Asks the bucket for what is around the objects, and says what follows from it. Each look is one request. */
export async function examine(
  settings: Settings,
  requester: Requester,
  signal: AbortSignal | undefined,
): Promise<readonly Remark[]> {
  const sdk = await loadSdk(() => import("@aws-sdk/client-s3"), "@aws-sdk/client-s3");
  const input = { ...settings.fields.all, Bucket: settings.bucket };
  const times: Times[] = [];
  const look = async <T>(matter: Matter): Promise<Look<T>> =>
    (await looked(matter, settings, requester, times, signal)) as Look<T>;
  const [head, objects, versioning, lifecycle, lock] = await Promise.all([
    look<Sdk.HeadBucketCommandOutput>({
      about: "bucket",
      permission: "s3:ListBucket",
      command: new sdk.HeadBucketCommand(input),
    }),
    look<Sdk.ListObjectsV2CommandOutput>({
      about: "storage class",
      permission: "s3:ListBucket",
      command: new sdk.ListObjectsV2Command({ ...input, Prefix: settings.prefix }),
    }),
    look<Sdk.GetBucketVersioningCommandOutput>({
      about: "versioning",
      permission: "s3:GetBucketVersioning",
      command: new sdk.GetBucketVersioningCommand(input),
    }),
    look<Lifecycle>({
      about: "lifecycle",
      permission: "s3:GetLifecycleConfiguration",
      command: new sdk.GetBucketLifecycleConfigurationCommand(input),
      absent: "NoSuchLifecycleConfiguration",
    }),
    look<Sdk.GetObjectLockConfigurationCommandOutput>({
      about: "object lock",
      permission: "s3:GetBucketObjectLockConfiguration",
      command: new sdk.GetObjectLockConfigurationCommand(input),
      absent: "ObjectLockConfigurationNotFoundError",
    }),
  ]);
  const isVersioned = versioning.seen && versioning.output?.Status !== undefined;
  return [
    head.seen ? bucketRemark(head.output, settings) : head.remark,
    versioning.seen ? versioningRemark(versioning.output?.Status, lifecycle, settings) : versioning.remark,
    ...(lifecycle.seen ? lifecycleRemarks(lifecycle.output, isVersioned, settings) : [lifecycle.remark]),
    lock.seen ? lockRemark(lock.output?.ObjectLockConfiguration, settings) : lock.remark,
    objects.seen ? classRemark(objects.output?.Contents ?? [], settings) : objects.remark,
    clockOf(times[0]),
    pathRemark(requester.way),
    ...proxyRemarks(requester.heedsProxies, process.env),
  ];
}

async function looked(
  { about, permission, command, absent }: Matter,
  { bucket }: Settings,
  requester: Requester,
  times: Times[],
  signal: AbortSignal | undefined,
): Promise<Look<unknown>> {
  let code: string | undefined;
  try {
    const output = await requester.run("examine", about, signal, async (request) => {
      noteTimes(command, times);
      try {
        return (await request.send(command as never)) as unknown;
      } catch (error) {
        code = serviceCodeOf(error) ?? (isForbidden(error) ? "AccessDenied" : undefined);
        if (absent !== undefined && code === absent) return undefined;
        throw error;
      }
    });
    return { seen: true, output };
  } catch (error) {
    if (signal?.aborted === true || !isStoreError(error)) throw error;
    return { seen: false, remark: unseen(about, permission, bucket, code, error.message) };
  }
}

function unseen(
  about: string,
  permission: string,
  bucket: string,
  code: string | undefined,
  message: string,
): Remark {
  const outcome = "unknown";
  if (code === "AccessDenied" || code === "AllAccessDisabled") {
    const next = `Allow ${permission} on arn:aws:s3:::${bucket}, if you want to see it: checkpoints do not need it`;
    return { about, outcome, message: `not permitted to look: ${permission} is missing`, next };
  }
  if (code === "NotImplemented" || code === "MethodNotAllowed")
    return { about, outcome, message: `the service does not say: it does not know the request (${code})` };
  return { about, outcome, message: `it could not be asked: ${message}` };
}

/** A response to a HEAD has no body that could say why. */
function isForbidden(error: unknown): boolean {
  const metadata: unknown = Reflect.get(Object(error), "$metadata");
  return Reflect.get(Object(metadata), "httpStatusCode") === 403;
}

function noteTimes(command: Command, times: Times[]): void {
  stackOf(command).add(
    (next) => async (args) => {
      const sentAt = Date.now();
      const result = await next(args);
      const { headers } = result.response as WireResponse;
      times.push({ sentAt, receivedAt: Date.now(), date: headers["date"] });
      return result;
    },
    { step: "deserialize", priority: "low" },
  );
}
