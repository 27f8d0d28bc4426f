import type { _Object as ListedObject } from "@aws-sdk/client-s3";
import type { Remark } from "@state/core";
import { quoted } from "@state/core/adapter";
import type { Settings } from "../options.ts";

/** Classes from which an object has to be restored before it can be read. */
export const archives: ReadonlySet<string> = new Set(["GLACIER", "DEEP_ARCHIVE"]);

const about = "storage class";

/** What new objects will have, and what those have that the first page of a listing shows. */
export function classRemark(objects: readonly ListedObject[], settings: Settings): Remark {
  const { bucket, prefix, fields } = settings;
  const asked: unknown = Reflect.get(fields.create, "StorageClass");
  if (typeof asked === "string" && archives.has(asked)) {
    const message = `what is created goes to ${asked}: no get of it succeeds until it is restored`;
    return { about, outcome: "failed", message, next: 'new S3Store({ bucket, storageClass: "STANDARD" })' };
  }
  const counts = new Map<string, number>();
  for (const { StorageClass: name = "STANDARD" } of objects) counts.set(name, (counts.get(name) ?? 0) + 1);
  const seen = [...counts].map(([name, count]) => `${count} in ${name}`).join(", ");
  const archived = objects.find(({ StorageClass: name }) => archives.has(name ?? ""));
  if (archived !== undefined) {
    const message = `of the first ${objects.length} objects there are ${seen}: a get of an archived one fails until it is restored`;
    const days = quoted(JSON.stringify({ Days: 7 }));
    const next = `aws s3api restore-object --bucket ${quoted(bucket)} --key ${quoted(archived.Key ?? prefix)} --restore-request ${days}: and so each of them`;
    return { about, outcome: "failed", message, next };
  }
  if (counts.has("INTELLIGENT_TIERING")) {
    const message = `of the first ${objects.length} objects there are ${seen}: if its archive tiers are turned on, a get fails from them`;
    const next = `aws s3api list-bucket-intelligent-tiering-configurations --bucket ${quoted(bucket)}: none may be about ${prefix || "the bucket"}`;
    return { about, outcome: "warning", message, next };
  }
  const created = `new objects go to ${typeof asked === "string" ? asked : "STANDARD"}`;
  const message = objects.length === 0 ? created : `${created}; of the first ${objects.length} are ${seen}`;
  return { about, outcome: "ok", message };
}
