import type { BlobItem, ContainerGetPropertiesResponse, RetentionPolicy } from "@azure/storage-blob";
import type { Remark } from "@state/core";
import { quoted } from "@state/core/adapter";
import type { Settings } from "../options.ts";

/** What the lines that mend something name. */
export interface Names {
  readonly account: string;
  readonly containerName: string;
  readonly root: string;
}

export function namespaceRemark(isHierarchical: boolean | undefined, kind: string | undefined): Remark {
  const about = "namespace";
  if (isHierarchical !== true) {
    const named = kind === undefined ? "" : `, of the kind ${kind}`;
    return { about, outcome: "ok", message: `the account is flat${named}` };
  }
  const message =
    "the account has a hierarchical namespace, which lists in another order: no create succeeds";
  const next =
    "az storage account create --name NAME --resource-group GROUP --kind StorageV2 --enable-hierarchical-namespace false";
  return { about, outcome: "failed", message, next };
}

export function immutabilityRemark(
  properties: Pick<ContainerGetPropertiesResponse, "hasImmutabilityPolicy" | "hasLegalHold">,
  { account, containerName }: Names,
): Remark {
  const about = "immutability";
  const container = `--account-name ${quoted(account)} --container-name ${quoted(containerName)}`;
  if (properties.hasLegalHold === true) {
    const message = "the container has a legal hold: prunes fail until it is cleared";
    const next = `az storage container legal-hold clear ${container} --tags TAG`;
    return { about, outcome: "warning", message, next };
  }
  if (properties.hasImmutabilityPolicy === true) {
    const message = "the container has a retention policy: prunes fail for blobs that are younger";
    const next = `az storage container immutability-policy delete ${container} --if-match ETAG, unless it is locked`;
    return { about, outcome: "warning", message, next };
  }
  return { about, outcome: "ok", message: "the container has no retention policy and no legal hold" };
}

export function softDeleteRemark(policy: RetentionPolicy | undefined, { account }: Names): Remark {
  const about = "soft delete";
  if (policy?.enabled !== true) return { about, outcome: "ok", message: "it is off" };
  const message = `it is on: what is pruned is kept, and paid for, for another ${policy.days} days`;
  const next = `az storage account blob-service-properties update --account-name ${quoted(account)} --enable-delete-retention false`;
  return { about, outcome: "warning", message, next };
}

/** What the first page of a listing shows, old versions among it. */
export function blobRemarks(items: readonly BlobItem[], settings: Settings, names: Names): readonly Remark[] {
  return [versioningRemark(items, names), tierRemark(items, settings, names)];
}

function versioningRemark(items: readonly BlobItem[], { account }: Names): Remark {
  const about = "versioning";
  if (items.length === 0)
    return { about, outcome: "unknown", message: "there is no blob yet that would show it" };
  const versioned = items.filter(({ versionId }) => versionId !== undefined);
  if (versioned.length === 0) return { about, outcome: "ok", message: "no blob has a version" };
  const old = versioned.filter(({ isCurrentVersion }) => isCurrentVersion !== true).length;
  const message = `blobs have versions: what is pruned stays as one, and is paid for; of the first ${items.length} there are ${old} old ones`;
  const next = `az storage account blob-service-properties update --account-name ${quoted(account)} --enable-versioning false`;
  return { about, outcome: "warning", message, next };
}

function tierRemark(items: readonly BlobItem[], { create }: Settings, names: Names): Remark {
  const about = "access tier";
  const counts = new Map<string, number>();
  for (const { properties } of items) {
    const tier = properties.accessTier ?? "the account's own tier";
    counts.set(tier, (counts.get(tier) ?? 0) + 1);
  }
  const seen = [...counts].map(([tier, count]) => `${count} in ${tier}`).join(", ");
  const archived = items.find(({ properties }) => properties.accessTier === "Archive");
  if (archived !== undefined) {
    const { account, containerName } = names;
    const message = `of the first ${items.length} blobs there are ${seen}: a get of an archived one fails until it is rehydrated`;
    const next = `az storage blob set-tier --account-name ${quoted(account)} --container-name ${quoted(containerName)} --name ${quoted(archived.name)} --tier Hot: and so each of them`;
    return { about, outcome: "failed", message, next };
  }
  const created = `new blobs go to ${create.tier ?? "the account's own tier"}`;
  const message = items.length === 0 ? created : `${created}; of the first ${items.length} are ${seen}`;
  return { about, outcome: "ok", message };
}

export function lifecycleRemark({ account, containerName, root }: Names): Remark {
  const about = "lifecycle";
  const message =
    "the rules are of the management plane, and a store's credential cannot see them: none may delete blobs by age, or archive them";
  const next = `az storage account management-policy show --account-name ${quoted(account)} --resource-group GROUP: no prefixMatch may cover ${containerName}/${root}`;
  return { about, outcome: "unknown", message, next };
}
