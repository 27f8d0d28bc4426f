import type { ObjectStore } from "@state/core";
import { GcsStore } from "@state/gcs";
import type { Saying } from "./recording.ts";

/** A store, and the JSON API beneath it, for what no store says. */
export interface GcsSpeaker {
  readonly store: ObjectStore;
  readonly ask: (method: "GET" | "POST" | "DELETE", path: string, body?: Multipart) => Promise<Response>;
  readonly bucket: string;
  /** Everything is below it. Ends in `/`. */
  readonly root: string;
  /** Takes away what is below the root. */
  readonly end: () => Promise<void>;
}

interface Multipart {
  readonly type: string;
  readonly text: string;
}

export function gcsSpeaker(bucket: string, root: string, endpoint: string): GcsSpeaker {
  const speaker: GcsSpeaker = {
    store: new GcsStore({ bucket, prefix: root, storageOptions: { apiEndpoint: endpoint } }),
    ask: (method, path, body) =>
      fetch(`${endpoint}${path}`, {
        method,
        ...(body === undefined ? {} : { headers: { "content-type": body.type }, body: body.text }),
      }),
    bucket,
    root,
    end: async () => {
      const listing = await speaker.ask("GET", listPath(speaker));
      const { items = [] } = (await listing.json()) as {
        readonly items?: readonly { readonly name: string }[];
      };
      for (const { name } of items) await speaker.ask("DELETE", pathOf(speaker, name.slice(root.length)));
    },
  };
  return speaker;
}

function pathOf({ bucket, root }: GcsSpeaker, key: string, query: string = ""): string {
  return `/storage/v1/b/${bucket}/o/${encodeURIComponent(root + key)}${query}`;
}

function listPath({ bucket, root }: GcsSpeaker, query: Readonly<Record<string, string>> = {}): string {
  return `/storage/v1/b/${bucket}/o?${new URLSearchParams({ prefix: root, ...query })}`;
}

function multipart(metadata: { readonly name: string; readonly contentType: string }): Multipart {
  const text =
    `--cut\r\ncontent-type: application/json\r\n\r\n${JSON.stringify(metadata)}\r\n` +
    `--cut\r\ncontent-type: ${metadata.contentType}\r\n\r\n${content}\r\n--cut--\r\n`;
  return { type: "multipart/related; boundary=cut", text };
}

function upload(speaker: GcsSpeaker, key: string, more: object = {}, query: string = ""): Promise<Response> {
  return speaker.ask(
    "POST",
    `/upload/storage/v1/b/${speaker.bucket}/o?uploadType=multipart${query}`,
    multipart({ name: speaker.root + key, contentType: "application/octet-stream", ...more }),
  );
}

async function pages(speaker: GcsSpeaker, query: Readonly<Record<string, string>>): Promise<void> {
  let token: string | undefined;
  // A double whose pages never end is told by their number.
  for (let page = 0; page < 10; page += 1) {
    const more = token === undefined ? {} : { pageToken: token };
    const answer = await speaker.ask("GET", listPath(speaker, { ...query, ...more }));
    token = ((await answer.json()) as { readonly nextPageToken?: string }).nextPageToken;
    if (token === undefined || token === "") return;
  }
}

async function whole(listing: AsyncIterable<unknown>): Promise<void> {
  for await (const page of listing) void page;
}

const content = "some bytes";
const bytes = Buffer.from(content);
const absentBucket = "state-tests-of-nobody";
export const odd = ["o/ü b", "o/a+b", "o/a%20b", "o/a&b<c>'\"", "o/a~b", "o/a#b?c"];
const md5OfNothing = "1B2M2Y8AsgTpgAmY7PhCfg==";

/** In this order: what one puts, another finds. */
export const gcsSayings: readonly Saying<GcsSpeaker>[] = [
  { title: "create", say: ({ store }) => store.create("a/1", bytes) },
  { title: "create what is there", say: ({ store }) => store.create("a/1", bytes) },
  { title: "create an empty object", say: ({ store }) => store.create("a/empty", Buffer.alloc(0)) },
  ...["a/2", "b/1", "b/2", "c"].map((key) => ({
    title: `create ${key}`,
    say: ({ store }: GcsSpeaker) => store.create(key, bytes),
  })),
  ...odd.map((key) => ({ title: `upload ${key}`, say: (speaker: GcsSpeaker) => upload(speaker, key) })),
  {
    title: "upload with a type of content",
    say: (speaker) => upload(speaker, "a/typed", { contentType: "text/plain" }),
  },
  {
    title: "upload with an MD5 of other bytes",
    say: (speaker) => upload(speaker, "a/new", { md5Hash: md5OfNothing }),
  },
  {
    title: "upload with a CRC32C of other bytes",
    say: (speaker) => upload(speaker, "a/new", { crc32c: "AAAAAA==" }),
  },
  {
    title: "upload with an MD5 of other bytes where something is",
    say: (speaker) => upload(speaker, "a/1", { md5Hash: md5OfNothing }, "&ifGenerationMatch=0"),
  },
  {
    title: "upload on the condition of a generation that is not there",
    say: (speaker) => upload(speaker, "a/new", {}, "&ifGenerationMatch=1"),
  },
  {
    title: "upload without parts",
    say: (speaker) =>
      speaker.ask("POST", `/upload/storage/v1/b/${speaker.bucket}/o?uploadType=multipart`, {
        type: "multipart/related; boundary=cut",
        text: "no parts",
      }),
  },
  { title: "get after uploads that were refused", say: ({ store }) => store.get("a/new") },

  { title: "get", say: ({ store }) => store.get("a/1") },
  { title: "get an empty object", say: ({ store }) => store.get("a/empty") },
  { title: "get what is not there", say: ({ store }) => store.get("a/none") },
  ...["a/typed", ...odd].map((key) => ({
    title: `get ${key}`,
    say: (speaker: GcsSpeaker) => speaker.ask("GET", pathOf(speaker, key, "?alt=media")),
  })),
  { title: "ask what an object is", say: (speaker) => speaker.ask("GET", pathOf(speaker, "a/1")) },
  { title: "ask what is not there", say: (speaker) => speaker.ask("GET", pathOf(speaker, "a/none")) },

  { title: "list", say: ({ store }) => whole(store.list("a/")) },
  { title: "list folders", say: ({ store }) => whole(store.list("", { delimiter: "/" })) },
  { title: "list where nothing is", say: ({ store }) => whole(store.list("none/")) },
  { title: "list without a choice of fields", say: (speaker) => speaker.ask("GET", listPath(speaker)) },
  { title: "list all in pages of 5", requests: 3, say: (speaker) => pages(speaker, { maxResults: "5" }) },
  {
    title: "list a folder in pages of 3",
    requests: 2,
    say: (speaker) => pages(speaker, { prefix: `${speaker.root}o/`, delimiter: "/", maxResults: "3" }),
  },
  {
    title: "list folders in pages of 2",
    requests: 2,
    say: (speaker) => pages(speaker, { delimiter: "/", maxResults: "2" }),
  },
  {
    title: "list a bucket that is not there",
    say: (speaker) => speaker.ask("GET", listPath({ ...speaker, bucket: absentBucket })),
  },

  { title: "delete", say: ({ store }) => store.delete(["b/1"]) },
  { title: "delete what is not there", say: ({ store }) => store.delete(["b/1"]) },
  ...odd.map((key) => ({
    title: `delete ${key}`,
    say: (speaker: GcsSpeaker) => speaker.ask("DELETE", pathOf(speaker, key)),
  })),
  { title: "list what is left", say: ({ store }) => whole(store.list("")) },

  {
    title: "create in a bucket that is not there",
    say: (speaker) => upload({ ...speaker, bucket: absentBucket }, "a", {}, "&ifGenerationMatch=0"),
  },
  {
    title: "get from a bucket that is not there",
    say: (speaker) => speaker.ask("GET", pathOf({ ...speaker, bucket: absentBucket }, "a", "?alt=media")),
  },
  {
    title: "delete from a bucket that is not there",
    say: (speaker) => speaker.ask("DELETE", pathOf({ ...speaker, bucket: absentBucket }, "a")),
  },
];
