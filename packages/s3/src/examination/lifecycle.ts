import type { GetBucketLifecycleConfigurationCommandOutput, LifecycleRule } from "@aws-sdk/client-s3";
import type { Remark } from "@state/core";
import { meets, quoted } from "@state/core/adapter";
import type { Settings } from "../options.ts";
import { archives } from "./storage-class.ts";

export type Lifecycle = GetBucketLifecycleConfigurationCommandOutput;

const about = "lifecycle";

/** One remark a rule that deletes or moves what is under the store's prefix; else one that none does. */
export function lifecycleRemarks(
  lifecycle: Lifecycle | undefined,
  isVersioned: boolean,
  settings: Settings,
): readonly Remark[] {
  const rules = lifecycle?.Rules ?? [];
  if (lifecycle === undefined || rules.length === 0)
    return [{ about, outcome: "ok", message: "there are no rules" }];
  const next = putMended(lifecycle, isVersioned, settings);
  const remarks = rules.flatMap((rule, index): Remark[] => {
    const harm = harmOf(rule, settings);
    if (harm === undefined) return [];
    const named = `the rule ${rule.ID ?? `number ${index + 1}`} for ${JSON.stringify(prefixOf(rule))}`;
    return [
      {
        about,
        outcome: harm.outcome,
        message: `${named} ${harm.says}`,
        ...(harm.outcome === "failed" ? { next } : {}),
      },
    ];
  });
  if (remarks.length > 0) return remarks;
  return [{ about, outcome: "ok", message: `none of ${rules.length} rules deletes or moves what is stored` }];
}

interface Harm {
  readonly outcome: "failed" | "warning";
  readonly says: string;
}

function harmOf(rule: LifecycleRule, settings: Settings): Harm | undefined {
  if (rule.Status !== "Enabled" || !meets(prefixOf(rule), settings.prefix)) return undefined;
  const harm = expiry(rule) ?? movement(rule);
  const foreign = foreignTags(rule, settings);
  if (harm === undefined || foreign.length === 0) return harm;
  return { outcome: "warning", says: `${harm.says}, if the job gives them the tags ${foreign.join(", ")}` };
}

function expiry({ Expiration: expiration }: LifecycleRule): Harm | undefined {
  const { Days: days, Date: date } = expiration ?? {};
  if (days === undefined && date === undefined) return undefined;
  const when = date === undefined ? `after ${days} days` : `at ${date.toISOString()}`;
  const says = `deletes objects ${when}: newer epochs name objects of any age, and cannot be restored without them`;
  return { outcome: "failed", says };
}

function movement({ Transitions: transitions = [] }: LifecycleRule): Harm | undefined {
  const archive = transitions.find(({ StorageClass: name }) => archives.has(name ?? ""));
  if (archive !== undefined) {
    const when =
      archive.Date === undefined ? `after ${archive.Days} days` : `at ${archive.Date.toISOString()}`;
    const says = `moves objects to ${archive.StorageClass} ${when}: a get of them fails until they are restored`;
    return { outcome: "failed", says };
  }
  const [first] = transitions;
  if (first === undefined) return undefined;
  const says = `moves objects to ${first.StorageClass}: they can be read, reads cost more, and what is pruned early is paid for longer`;
  return { outcome: "warning", says };
}

function prefixOf({ Filter: filter, Prefix: old }: LifecycleRule): string {
  return filter?.And?.Prefix ?? filter?.Prefix ?? old ?? "";
}

function tagsOf({ Filter: filter }: LifecycleRule): readonly string[] {
  const tags = [...(filter?.And?.Tags ?? []), ...(filter?.Tag === undefined ? [] : [filter.Tag])];
  return tags.map(({ Key: key = "", Value: value = "" }) => `${key}=${value}`);
}

/** The tags that an object must have for the rule, and that this store does not give. */
function foreignTags(rule: LifecycleRule, { fields }: Settings): readonly string[] {
  const tagging: unknown = Reflect.get(fields.create, "Tagging");
  const own = new URLSearchParams(typeof tagging === "string" ? tagging : "");
  const given = new Set([...own].map(([key, value]) => `${key}=${value}`));
  return tagsOf(rule).filter((tag) => !given.has(tag));
}

/** After how many days a rule takes all old versions under the store's prefix; `undefined` if none does. */
export function clearsOldVersions(lifecycle: Lifecycle | undefined, settings: Settings): number | undefined {
  const rule = (lifecycle?.Rules ?? []).find(
    (each) =>
      each.Status === "Enabled" &&
      harmOf(each, settings)?.outcome !== "failed" &&
      each.NoncurrentVersionExpiration?.NoncurrentDays !== undefined &&
      settings.prefix.startsWith(prefixOf(each)) &&
      tagsOf(each).length === 0,
  );
  return rule?.NoncurrentVersionExpiration?.NoncurrentDays;
}

/**
 * The command that mends all that is wrong with the rules: each such command replaces every rule, so that there must not be
 * two. Rules that do harm are turned off, and if nothing takes old versions, one is added that does.
 */
export function putMended(
  lifecycle: Lifecycle | undefined,
  isVersioned: boolean,
  settings: Settings,
): string {
  const { bucket, prefix } = settings;
  const { Rules: rules = [], TransitionDefaultMinimumObjectSize: size } = lifecycle ?? {};
  const mended = rules.map((rule): LifecycleRule =>
    harmOf(rule, settings)?.outcome === "failed" ? { ...rule, Status: "Disabled" } : rule,
  );
  if (isVersioned && clearsOldVersions(lifecycle, settings) === undefined)
    mended.push({
      ID: "state-old-versions",
      Status: "Enabled",
      Filter: { Prefix: prefix },
      Expiration: { ExpiredObjectDeleteMarker: true },
      NoncurrentVersionExpiration: { NoncurrentDays: 1 },
    });
  const configuration = quoted(JSON.stringify({ Rules: mended }));
  const least = size === undefined ? "" : ` --transition-default-minimum-object-size ${size}`;
  return `aws s3api put-bucket-lifecycle-configuration --bucket ${quoted(bucket)}${least} --lifecycle-configuration ${configuration}`;
}
