import type { Remark } from "@state/core";
import { fieldOf, meets } from "@state/core/adapter";
import type { Settings } from "../options.ts";

const about = "lifecycle";

/** One remark a rule that deletes or moves what is under the store's prefix; else one that none does. */
export function lifecycleRemarks(
  rules: readonly unknown[],
  storageClass: unknown,
  { bucket, prefix }: Settings,
): readonly Remark[] {
  if (rules.length === 0) return [{ about, outcome: "ok", message: "there are no rules" }];
  const remarks = rules.flatMap((rule, index): Remark[] => {
    const harm = harmOf(rule, storageClass, prefix);
    if (harm === undefined) return [];
    const message = `rule ${index + 1} of ${rules.length} ${harm.says}`;
    // The command takes a file with all the rules that are to stay.
    const next = `gcloud storage buckets describe gs://${bucket} --format='json(lifecycle_config)' > rules.json; take rule ${index + 1} out of it; gcloud storage buckets update gs://${bucket} --lifecycle-file=rules.json`;
    return [{ about, outcome: harm.outcome, message, ...(harm.outcome === "failed" ? { next } : {}) }];
  });
  if (remarks.length > 0) return remarks;
  return [{ about, outcome: "ok", message: `none of ${rules.length} rules deletes or moves what is stored` }];
}

interface Harm {
  readonly outcome: "failed" | "warning";
  readonly says: string;
}

function harmOf(rule: unknown, storageClass: unknown, prefix: string): Harm | undefined {
  const action = fieldOf(rule, "action");
  const condition = fieldOf(rule, "condition");
  if (isAboutOthers(condition, prefix)) return undefined;
  const classes = fieldOf(condition, "matchesStorageClass");
  const isOfClass = !Array.isArray(classes) || classes.includes(storageClass);
  if (fieldOf(action, "type") === "Delete") {
    const says = `deletes objects${whenOf(condition)}: newer epochs name objects of any age, and cannot be restored without them`;
    if (isOfClass) return { outcome: "failed", says };
    return {
      outcome: "warning",
      says: `${says}; it is for ${classes.join(", ")}, which new objects are not`,
    };
  }
  if (fieldOf(action, "type") !== "SetStorageClass" || !isOfClass) return undefined;
  const to = String(fieldOf(action, "storageClass"));
  const says = `moves objects to ${to}${whenOf(condition)}: they can be read, reads cost more, and what is pruned early is paid for longer`;
  return { outcome: "warning", says };
}

/** Conditions that only a noncurrent version meets, or an object with a custom time, which the store never sets. */
const neverMet = [
  "daysSinceNoncurrentTime",
  "noncurrentTimeBefore",
  "daysSinceCustomTime",
  "customTimeBefore",
];

function isAboutOthers(condition: unknown, prefix: string): boolean {
  if (fieldOf(condition, "isLive") === false) return true;
  if (Number(fieldOf(condition, "numNewerVersions") ?? 0) > 0) return true;
  if (neverMet.some((name) => fieldOf(condition, name) !== undefined)) return true;
  const prefixes = fieldOf(condition, "matchesPrefix");
  return (
    Array.isArray(prefixes) &&
    !prefixes.some((each: unknown) => typeof each === "string" && meets(each, prefix))
  );
}

function whenOf(condition: unknown): string {
  const [age, before] = [fieldOf(condition, "age"), fieldOf(condition, "createdBefore")];
  const when = [
    ...(typeof age === "number" ? [`after ${age} days`] : []),
    ...(typeof before === "string" ? [`if they are from before ${before}`] : []),
  ];
  return when.map((each) => ` ${each}`).join("");
}
