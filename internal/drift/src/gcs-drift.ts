import { startGcsDouble } from "@state/servers";
import type { Answer } from "@state/servers/proxy";
import { headersBut, type Reading, typeOf } from "./comparison.ts";
import type { Deviation, Drift } from "./drift.ts";
import { gcsSayings, odd, gcsSpeaker } from "./gcs-sayings.ts";
import { record } from "./recording.ts";

/**
 * fake-gcs-server describes an object with more than the double does, and sends all of it whatever `fields` asks for.
 * Its texts are not the service's, nor is how it frames them.
 */
const reading: Reading = {
  view(recorded, side) {
    const { answer, request } = recorded;
    const type = typeOf(recorded).toLowerCase().replace(/;.*/, "");
    if (answer.status >= 400)
      return type === "application/json" ? { type, body: failureOf(jsonOf(answer)) } : {};
    const headers = headersBut(recorded, ignoredHeaders);
    if (type !== "application/json") return { ...headers, body: answer.body.toString() };
    const fields =
      side === "server" ? new URL(request.url, "http://localhost").searchParams.get("fields") : null;
    const body = known(jsonOf(answer));
    return { type, body: fields === null ? body : chosen(body, fields) };
  },
  passing: /(Created|updated|etag|generation|nextPageToken)$/i,
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
/** Parts of a description that no store reads. */
const unread = new Set(["acl", "id", "mediaLink", "selfLink", "timeStorageClassUpdated"]);

function jsonOf({ body }: Answer): unknown {
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
  because: "the service answers 204, No Content, as its reference says",
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

function named(): URL | undefined {
  const text = process.env["STATE_TEST_GCS"];
  return text === undefined ? undefined : new URL(text);
}

export const gcsDrift: Drift = {
  name: "the double of Cloud Storage and fake-gcs-server",
  sayings: gcsSayings,
  reading,
  deviations,
  isNamed: () => named() !== undefined,
  async record() {
    const url = named();
    const endpoint = url?.searchParams.get("endpoint") ?? undefined;
    if (url === undefined || endpoint === undefined) throw new Error("STATE_TEST_GCS names no endpoint");
    const bucket = url.hostname;
    const root = `${url.pathname.slice(1)}/drift-${crypto.randomUUID()}/`;
    const double = await startGcsDouble({ bucket, anonymous: true });
    try {
      const speak = (to: string) => gcsSpeaker(bucket, root, to);
      return {
        root,
        double: await record(double.endpoint, gcsSayings, speak),
        server: await record(endpoint, gcsSayings, speak),
      };
    } finally {
      await double.stop();
    }
  },
};
