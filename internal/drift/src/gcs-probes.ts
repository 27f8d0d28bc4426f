import { type GcsClients, listPath, type Multipart, objectPath } from "./gcs-clients.ts";
import type { Probe } from "./recording.ts";

function multipart(metadata: { readonly name: string; readonly contentType: string }): Multipart {
  const text =
    `--cut\r\ncontent-type: application/json\r\n\r\n${JSON.stringify(metadata)}\r\n` +
    `--cut\r\ncontent-type: ${metadata.contentType}\r\n\r\n${content}\r\n--cut--\r\n`;
  return { type: "multipart/related; boundary=cut", text };
}

function upload(clients: GcsClients, key: string, more: object = {}, query: string = ""): Promise<Response> {
  return clients.request(
    "POST",
    `/upload/storage/v1/b/${clients.bucket}/o?uploadType=multipart${query}`,
    multipart({ name: clients.root + key, contentType: "application/octet-stream", ...more }),
  );
}

async function pages(clients: GcsClients, query: Readonly<Record<string, string>>): Promise<void> {
  let token: string | undefined;
  // Ten pages at most: if the double's pages never end, their number shows it.
  for (let page = 0; page < 10; page += 1) {
    const more = token === undefined ? {} : { pageToken: token };
    const response = await clients.request("GET", listPath(clients, { ...query, ...more }));
    token = ((await response.json()) as { readonly nextPageToken?: string }).nextPageToken;
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

/** The probes, in their order: some find what an earlier one has put. */
export const gcsProbes: readonly Probe<GcsClients>[] = [
  { title: "create", send: ({ store }) => store.create("a/1", bytes) },
  { title: "create what is there", send: ({ store }) => store.create("a/1", bytes) },
  { title: "create an empty object", send: ({ store }) => store.create("a/empty", Buffer.alloc(0)) },
  ...["a/2", "b/1", "b/2", "c"].map((key) => ({
    title: `create ${key}`,
    send: ({ store }: GcsClients) => store.create(key, bytes),
  })),
  ...odd.map((key) => ({ title: `upload ${key}`, send: (clients: GcsClients) => upload(clients, key) })),
  {
    title: "upload with a type of content",
    send: (clients) => upload(clients, "a/typed", { contentType: "text/plain" }),
  },
  {
    title: "upload with an MD5 of other bytes",
    send: (clients) => upload(clients, "a/new", { md5Hash: md5OfNothing }),
  },
  {
    title: "upload with a CRC32C of other bytes",
    send: (clients) => upload(clients, "a/new", { crc32c: "AAAAAA==" }),
  },
  {
    title: "upload with an MD5 of other bytes where something is",
    send: (clients) => upload(clients, "a/1", { md5Hash: md5OfNothing }, "&ifGenerationMatch=0"),
  },
  {
    title: "upload on the condition of a generation that is not there",
    send: (clients) => upload(clients, "a/new", {}, "&ifGenerationMatch=1"),
  },
  {
    title: "upload without parts",
    send: (clients) =>
      clients.request("POST", `/upload/storage/v1/b/${clients.bucket}/o?uploadType=multipart`, {
        type: "multipart/related; boundary=cut",
        text: "no parts",
      }),
  },
  { title: "get after uploads that were refused", send: ({ store }) => store.get("a/new") },

  { title: "get", send: ({ store }) => store.get("a/1") },
  { title: "get an empty object", send: ({ store }) => store.get("a/empty") },
  { title: "get what is not there", send: ({ store }) => store.get("a/none") },
  ...["a/typed", ...odd].map((key) => ({
    title: `get ${key}`,
    send: (clients: GcsClients) => clients.request("GET", objectPath(clients, key, "?alt=media")),
  })),

  { title: "list", send: ({ store }) => whole(store.list("a/")) },
  { title: "list folders", send: ({ store }) => whole(store.list("", { delimiter: "/" })) },
  { title: "list where nothing is", send: ({ store }) => whole(store.list("none/")) },
  { title: "list without a choice of fields", send: (clients) => clients.request("GET", listPath(clients)) },
  { title: "list all in pages of 5", requests: 3, send: (clients) => pages(clients, { maxResults: "5" }) },
  {
    title: "list a folder in pages of 3",
    requests: 2,
    send: (clients) => pages(clients, { prefix: `${clients.root}o/`, delimiter: "/", maxResults: "3" }),
  },
  {
    title: "list folders in pages of 2",
    requests: 2,
    send: (clients) => pages(clients, { delimiter: "/", maxResults: "2" }),
  },
  {
    title: "list a bucket that is not there",
    send: (clients) => clients.request("GET", listPath({ ...clients, bucket: absentBucket })),
  },

  { title: "delete", send: ({ store }) => store.delete(["b/1"]) },
  { title: "delete what is not there", send: ({ store }) => store.delete(["b/1"]) },
  ...odd.map((key) => ({
    title: `delete ${key}`,
    send: (clients: GcsClients) => clients.request("DELETE", objectPath(clients, key)),
  })),
  { title: "list what is left", send: ({ store }) => whole(store.list("")) },

  {
    title: "create in a bucket that is not there",
    send: (clients) => upload({ ...clients, bucket: absentBucket }, "a", {}, "&ifGenerationMatch=0"),
  },
  {
    title: "get from a bucket that is not there",
    send: (clients) =>
      clients.request("GET", objectPath({ ...clients, bucket: absentBucket }, "a", "?alt=media")),
  },
  {
    title: "delete from a bucket that is not there",
    send: (clients) => clients.request("DELETE", objectPath({ ...clients, bucket: absentBucket }, "a")),
  },
];
