import type {
  BucketVersioningStatus,
  HeadBucketCommandOutput,
  ObjectLockConfiguration,
} from "@aws-sdk/client-s3";
import type { Remark } from "@state/core";
import { quoted } from "@state/core/adapter";
import type { Settings } from "../options.ts";
import type { Look } from "./examination.ts";
import { clearsOldVersions, type Lifecycle, putMended } from "./lifecycle.ts";

export function bucketRemark(head: HeadBucketCommandOutput | undefined, { bucket }: Settings): Remark {
  const about = "bucket";
  const { BucketLocationType: type, BucketRegion: region } = head ?? {};
  if (type !== undefined) {
    const message = `${bucket} is a directory bucket (${type}): it lists keys in no order, and checkpoints need byte order`;
    const next = "aws s3api create-bucket --bucket NAME: a general purpose bucket";
    return { about, outcome: "failed", message, next };
  }
  const where = region === undefined ? "" : `, in ${region}`;
  return { about, outcome: "ok", message: `${bucket} is a general purpose bucket${where}` };
}

export function versioningRemark(
  status: BucketVersioningStatus | undefined,
  lifecycle: Look<Lifecycle>,
  settings: Settings,
): Remark {
  const about = "versioning";
  if (status === undefined) return { about, outcome: "ok", message: "it was never turned on" };
  const known = lifecycle.seen ? lifecycle.output : undefined;
  const days = clearsOldVersions(known, settings);
  const is = status === "Enabled" ? "it is on" : "it is suspended";
  if (days !== undefined) {
    const message = `${is}, and a lifecycle rule takes what was pruned after ${days} more days`;
    return { about, outcome: "ok", message };
  }
  const message =
    status === "Enabled"
      ? "it is on, and no rule takes old versions: what is pruned stays, and is paid for"
      : "it is suspended: versions from before stay, and are paid for";
  if (!lifecycle.seen) {
    const permission = "once s3:GetLifecycleConfiguration shows which rules are there";
    return {
      about,
      outcome: "warning",
      message: `${message}, unless a lifecycle rule that cannot be seen takes them`,
      next: `Add a rule with NoncurrentVersionExpiration, ${permission}`,
    };
  }
  return {
    about,
    outcome: "warning",
    message,
    next: putMended(known, true, settings),
  };
}

export function lockRemark(configuration: ObjectLockConfiguration | undefined, { bucket }: Settings): Remark {
  const about = "object lock";
  if (configuration?.ObjectLockEnabled !== "Enabled") return { about, outcome: "ok", message: "it is off" };
  const { Mode, Days, Years } = configuration.Rule?.DefaultRetention ?? {};
  if (Mode === undefined) return { about, outcome: "ok", message: "it is on, without a default retention" };
  const long = Days === undefined ? `${Years} years` : `${Days} days`;
  const message = `what is created is locked for ${long} (${Mode}): prunes succeed, and what they delete stays that long as a version, and is paid for`;
  const configured = quoted(JSON.stringify({ ObjectLockEnabled: "Enabled" }));
  const next = `aws s3api put-object-lock-configuration --bucket ${quoted(bucket)} --object-lock-configuration ${configured}`;
  return { about, outcome: "warning", message, next };
}
