import type { Remark } from "@state/core";
import { fieldOf } from "@state/core/adapter";
import type { Settings } from "../options.ts";

type Resource = Readonly<Record<string, unknown>>;

/** The fields of a bucket that are asked for. */
export const clientFields: string =
  "versioning,lifecycle,retentionPolicy,defaultEventBasedHold,softDeletePolicy,storageClass,autoclass,hierarchicalNamespace,iamConfiguration/uniformBucketLevelAccess";

export function bucketRemarks(resource: Resource, { bucket }: Settings): readonly Remark[] {
  const update = `gcloud storage buckets update gs://${bucket}`;
  return [
    versioning(resource, update),
    retention(resource, update),
    softDelete(resource, update),
    storageClass(resource, update),
    namespace(resource, bucket),
    access(resource),
  ];
}

function versioning(resource: Resource, update: string): Remark {
  const about = "versioning";
  if (fieldOf(resource["versioning"], "enabled") !== true)
    return { about, outcome: "ok", message: "it is off" };
  const message = "it is on: what is pruned stays as a noncurrent version, and is paid for";
  return { about, outcome: "warning", message, next: `${update} --no-versioning` };
}

function retention(resource: Resource, update: string): Remark {
  const about = "retention";
  const policy = resource["retentionPolicy"];
  const seconds = Number(fieldOf(policy, "retentionPeriod") ?? 0);
  if (seconds > 0) {
    const isLocked = fieldOf(policy, "isLocked") === true;
    const message = `objects cannot be deleted for ${duration(seconds)}: prunes of younger epochs fail`;
    return isLocked
      ? {
          about,
          outcome: "warning",
          message: `${message}, and the policy is locked`,
          next: "gcloud storage buckets create gs://NAME: a bucket without such a policy",
        }
      : { about, outcome: "warning", message, next: `${update} --clear-retention-period` };
  }
  if (resource["defaultEventBasedHold"] === true) {
    const message = "each new object is held until somebody releases it: prunes fail";
    return { about, outcome: "warning", message, next: `${update} --no-default-event-based-hold` };
  }
  return { about, outcome: "ok", message: "there is no retention policy, and no hold by default" };
}

function softDelete(resource: Resource, update: string): Remark {
  const about = "soft delete";
  const seconds = Number(fieldOf(resource["softDeletePolicy"], "retentionDurationSeconds") ?? 0);
  if (!(seconds > 0)) return { about, outcome: "ok", message: "it is off" };
  const message = `it is on: what is pruned is kept, and paid for, for another ${duration(seconds)}`;
  return { about, outcome: "warning", message, next: `${update} --clear-soft-delete` };
}

/** Each class is read at once; what is deleted sooner is paid for to the end. */
const leastDays: ReadonlyMap<unknown, number> = new Map([
  ["NEARLINE", 30],
  ["COLDLINE", 90],
  ["ARCHIVE", 365],
]);

function storageClass(resource: Resource, update: string): Remark {
  const about = "storage class";
  const name = resource["storageClass"];
  const days = leastDays.get(name);
  if (days === undefined) {
    const isAutomatic = fieldOf(resource["autoclass"], "enabled") === true;
    const message = `new objects are ${String(name)}${isAutomatic ? ", and autoclass moves them: they can be read from every class" : ""}`;
    return { about, outcome: "ok", message };
  }
  const message = `new objects are ${String(name)}: each is paid for ${days} days, however soon it is pruned, and each read costs more`;
  return { about, outcome: "warning", message, next: `${update} --default-storage-class=STANDARD` };
}

function namespace(resource: Resource, bucket: string): Remark {
  const about = "namespace";
  if (fieldOf(resource["hierarchicalNamespace"], "enabled") !== true)
    return { about, outcome: "ok", message: "it is flat" };
  const message =
    "it is hierarchical: no suite of this library has run on such a bucket, and folders stay when they are empty";
  const next = `state certify gs://${bucket}/certify --yes`;
  return { about, outcome: "warning", message, next };
}

function access(resource: Resource): Remark {
  const about = "access";
  const uniform = fieldOf(resource["iamConfiguration"], "uniformBucketLevelAccess");
  const message =
    fieldOf(uniform, "enabled") === true
      ? "it is uniform: the bucket's policy decides alone"
      : "it is fine-grained: ACLs of objects may permit more than the bucket's policy, and never less";
  return { about, outcome: "ok", message };
}

function duration(seconds: number): string {
  const days = seconds / 86_400;
  return days >= 1 ? `${Number(days.toFixed(1))} days` : `${seconds} s`;
}
