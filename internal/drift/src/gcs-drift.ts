import { gcsFromEnvironment, startGcsDouble } from "@state/servers";
import type { HttpResponse } from "@state/servers/proxy";
import { type ComparisonRules, headersBut, typeOf } from "./comparison.ts";
import type { Deviation, Drift } from "./drift.ts";
import { gcsClients } from "./gcs-clients.ts";
import { gcsProbes, odd } from "./gcs-probes.ts";
import { recordAll } from "./recording.ts";

/**
 * fake-gcs-server describes an object by more fields than the double does, and sends all of them
 * whatever `fields` asks for. Its error texts, and their headers, are not the service's.
 */
const rules: ComparisonRules = {
  view(recorded, side) {
    const { request, response } = recorded;
    const type = typeOf(recorded).toLowerCase().replace(/;.*/, "");
    if (response.status >= 400)
      return type === "application/json" ? { type, body: failureOf(jsonOf(response)) } : {};
    const headers = headersBut(recorded, ignoredHeaders);
    if (type !== "application/json") return { ...headers, body: response.body.toString() };
    const fields =
      side === "server" ? new URL(request.url, "http://localhost").searchParams.get("fields") : null;
    const body = known(jsonOf(response));
    return { type, body: fields === null ? body : chosen(body, fields) };
  },
  volatile: /(Created|updated|etag|generation|nextPageToken)$/i,
};

const ignoredHeaders = [
  "accept-ranges",
  "access-control-",
  "connection",
  "date",
  "etag",
  "keep-alive",
  "last-modified",
  "x-goog-metageneration",
];
/** Fields of an object's description that no store reads. */
const unread = new Set(["acl", "id", "mediaLink", "selfLink", "timeStorageClassUpdated"]);

function jsonOf({ body }: HttpResponse): unknown {
  return body.length === 0 ? "" : JSON.parse(body.toString());
}

function failureOf(body: unknown): unknown {
  return JSON.parse(JSON.stringify(body), (name, value: unknown) =>
    ["message", "location", "locationType"].includes(name) ? undefined : value,
  );
}

function known(body: unknown): unknown {
  return JSON.parse(JSON.stringify(body), (name, value: unknown) => (unread.has(name) ? undefined : value));
}

function pick(value: unknown, names: readonly string[]): unknown {
  return Object.fromEntries(Object.entries(Object(value)).filter(([name]) => names.includes(name)));
}

/** `fields=kind,items(name,size)`, of two levels at most. */
function chosen(body: unknown, fields: string): unknown {
  const [outer, inner = ""] = [fields.replaceAll(/\([^)]*\)/g, ""), /\(([^)]*)\)/.exec(fields)?.[1]];
  const picked = pick(body, outer.split(",")) as { readonly items?: readonly unknown[] };
  const { items } = picked;
  return items === undefined
    ? picked
    : { ...picked, items: items.map((item) => pick(item, inner.split(","))) };
}

const deletes: Deviation = {
  because: "the service returns 204, No Content, as its reference says",
  differences: ["status: the double says 204, the server 200"],
};

const deviations: Readonly<Record<string, Deviation>> = {
  "upload without parts": {
    because: "the service calls it a bad request; fake-gcs-server fails",
    differences: ["status: the double says 400, the server 500"],
  },
  "list folders in pages of 2": {
    because: "the service counts folders to a page; fake-gcs-server counts objects only",
    differences: ["requests: the double has 2 of them, the server 1"],
  },
  ...Object.fromEntries(["delete", ...odd.map((key) => `delete ${key}`)].map((title) => [title, deletes])),
};

export const gcsDrift: Drift = {
  name: "the double of Cloud Storage and fake-gcs-server",
  probes: gcsProbes,
  rules,
  deviations,
  hasServer: () => gcsFromEnvironment() !== undefined,
  async record() {
    const place = gcsFromEnvironment();
    if (place === undefined) throw new Error("STATE_TEST_GCS names no server");
    const { endpoint, bucket } = place;
    const root = `${place.root}/drift-${crypto.randomUUID()}/`;
    const double = await startGcsDouble({ bucket, anonymous: true });
    return recordAll(root, double, endpoint, gcsProbes, (to) => gcsClients(bucket, root, to));
  },
};
