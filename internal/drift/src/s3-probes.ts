import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import type { Probe } from "./recording.ts";
import { changing, type S3Clients } from "./s3-clients.ts";

function put({ bucket, root }: S3Clients, key: string, more: object = {}): PutObjectCommand {
  return new PutObjectCommand({ Bucket: bucket, Key: root + key, Body: Buffer.from(`of ${key}`), ...more });
}

function get({ bucket, root }: S3Clients, key: string, more: object = {}): GetObjectCommand {
  return new GetObjectCommand({ Bucket: bucket, Key: root + key, ...more });
}

function list({ bucket, root }: S3Clients, more: object = {}): ListObjectsV2Command {
  return new ListObjectsV2Command({ Bucket: bucket, Prefix: root, ...more });
}

function remove(
  { bucket, root }: S3Clients,
  keys: readonly string[],
  more: object = {},
): DeleteObjectsCommand {
  return new DeleteObjectsCommand({
    Bucket: bucket,
    Delete: { Objects: keys.map((key) => ({ Key: root + key })), ...more },
  });
}

async function pages({ client, ...clients }: S3Clients, more: object): Promise<void> {
  let token: string | undefined;
  // Ten pages at most: if the double's pages never end, their number shows it.
  for (let page = 0; page < 10; page += 1) {
    const response = await client.send(
      list({ client, ...clients }, { ...more, ...(token === undefined ? {} : { ContinuationToken: token }) }),
    );
    token = response.NextContinuationToken;
    if (token === undefined) return;
  }
}

async function whole(listing: AsyncIterable<unknown>): Promise<void> {
  for await (const page of listing) void page;
}

const bytes = Buffer.from("some bytes");
const absentBucket = "state-tests-of-nobody";
const odd = ["o/ü b", "o/a+b", "o/a%20b", "o/a&b<c>'\"", "o/a~b"];

/** The probes, in their order: some find what an earlier one has put. */
export const s3Probes: readonly Probe<S3Clients>[] = [
  { title: "create", send: ({ store }) => store.create("a/1", bytes) },
  { title: "create what is there", send: ({ store }) => store.create("a/1", bytes) },
  { title: "create an empty object", send: ({ store }) => store.create("a/empty", Buffer.alloc(0)) },
  {
    title: "put without a checksum",
    send: (clients) =>
      clients.other({ requestChecksumCalculation: "WHEN_REQUIRED" }).send(put(clients, "a/bare")),
  },
  {
    title: "put with a type of content",
    send: (clients) => clients.client.send(put(clients, "a/typed", { ContentType: "text/plain" })),
  },
  ...["a/2", "b/1", "b/2", "c"].map((key) => ({
    title: `put ${key}`,
    send: (clients: S3Clients) => clients.client.send(put(clients, key)),
  })),
  ...odd.map((key) => ({
    title: `put ${key}`,
    send: (clients: S3Clients) => clients.client.send(put(clients, key)),
  })),
  {
    title: "put with a CRC32 of other bytes",
    send: (clients) => clients.client.send(put(clients, "a/new", { ChecksumCRC32: "AAAAAA==" })),
  },
  {
    title: "put with a CRC32 that is none",
    send: (clients) => clients.client.send(put(clients, "a/new", { ChecksumCRC32: "AA==" })),
  },
  {
    title: "put with an MD5 of other bytes",
    send: (clients) => clients.client.send(put(clients, "a/new", { ContentMD5: "1B2M2Y8AsgTpgAmY7PhCfg==" })),
  },
  {
    title: "put with a SHA-256 of other bytes",
    send: (clients) =>
      changing(clients, "unsigned", ({ headers }) => {
        headers["x-amz-content-sha256"] = "0".repeat(64);
      }).send(put(clients, "a/new")),
  },
  {
    title: "put bytes that change after they were signed",
    send: (clients) =>
      changing(clients, "signed", (request) => {
        request.body = Buffer.from("OF a/new");
      }).send(put(clients, "a/new")),
  },
  {
    title: "put under a key of 1,025 bytes",
    send: (clients) =>
      clients.client.send(
        put(clients, `${"k".repeat(200)}/`.repeat(6).slice(0, 1_025 - clients.root.length)),
      ),
  },
  {
    title: "get after puts that were refused",
    send: (clients) => clients.client.send(get(clients, "a/new")),
  },

  { title: "get", send: ({ store }) => store.get("a/1") },
  { title: "get an empty object", send: ({ store }) => store.get("a/empty") },
  { title: "get what has no checksum", send: ({ store }) => store.get("a/bare") },
  { title: "get what is not there", send: ({ store }) => store.get("a/none") },
  {
    title: "get without asking for the checksum",
    send: (clients) =>
      clients.other({ responseChecksumValidation: "WHEN_REQUIRED" }).send(get(clients, "a/1")),
  },
  {
    title: "get what has a type of content",
    send: (clients) => clients.client.send(get(clients, "a/typed")),
  },
  ...odd.map((key) => ({
    title: `get ${key}`,
    send: (clients: S3Clients) => clients.client.send(get(clients, key)),
  })),

  { title: "list", send: ({ store }) => whole(store.list("a/")) },
  { title: "list folders", send: ({ store }) => whole(store.list("", { delimiter: "/" })) },
  { title: "list where nothing is", send: ({ store }) => whole(store.list("none/")) },
  { title: "list all in pages of 4", requests: 4, send: (clients) => pages(clients, { MaxKeys: 4 }) },
  {
    title: "list folders in pages of 1",
    requests: 4,
    send: (clients) => pages(clients, { MaxKeys: 1, Delimiter: "/" }),
  },
  {
    title: "list more than a page can have",
    send: (clients) => clients.client.send(list(clients, { MaxKeys: 2_000 })),
  },
  {
    title: "list after a token that is none",
    send: (clients) => clients.client.send(list(clients, { ContinuationToken: "?" })),
  },

  { title: "delete, also what is not there", send: ({ store }) => store.delete(["b/1", "b/none"]) },
  {
    title: "delete and hear of failures only",
    send: (clients) => clients.client.send(remove(clients, ["b/2"], { Quiet: true })),
  },
  {
    title: "delete keys that XML has to escape",
    send: (clients) => clients.client.send(remove(clients, odd)),
  },
  {
    title: "delete one",
    send: ({ client, bucket, root }) =>
      client.send(new DeleteObjectCommand({ Bucket: bucket, Key: `${root}c` })),
  },
  {
    title: "delete one that is not there",
    send: ({ client, bucket, root }) =>
      client.send(new DeleteObjectCommand({ Bucket: bucket, Key: `${root}c` })),
  },
  {
    title: "delete 1,001",
    send: (clients) =>
      clients.client.send(
        remove(
          clients,
          Array.from({ length: 1_001 }, (_, index) => `many/${index}`),
        ),
      ),
  },
  {
    title: "delete by no XML",
    send: (clients) =>
      changing(clients, "unsigned", (request) => {
        request.body = "<Delete><Object>";
        request.headers["content-length"] = "16";
        request.headers["content-md5"] = "2/tgmBdmQLO+511KLYgSag==";
        delete request.headers["x-amz-checksum-crc32"];
      }).send(remove(clients, ["a/1"])),
  },
  {
    title: "delete without a checksum",
    send: (clients) =>
      changing(clients, "unsigned", ({ headers }) => {
        for (const name of Object.keys(headers)) {
          if (name.startsWith("x-amz-checksum") || name === "x-amz-sdk-checksum-algorithm")
            delete headers[name];
        }
      }).send(remove(clients, ["a/1"])),
  },
  { title: "list what is left", send: ({ store }) => whole(store.list("")) },

  {
    title: "create in a bucket that is not there",
    send: (clients) =>
      clients.client.send(put({ ...clients, bucket: absentBucket }, "a", { IfNoneMatch: "*" })),
  },
  {
    title: "get from a bucket that is not there",
    send: (clients) => clients.client.send(get({ ...clients, bucket: absentBucket }, "a")),
  },
  {
    title: "list a bucket that is not there",
    send: (clients) => clients.client.send(list({ ...clients, bucket: absentBucket })),
  },
  {
    title: "delete from a bucket that is not there",
    send: (clients) => clients.client.send(remove({ ...clients, bucket: absentBucket }, ["a"])),
  },

  {
    title: "come with a key of nobody's",
    send: (clients) =>
      clients
        .other({ credentials: { accessKeyId: "AKIANOBODY", secretAccessKey: "nothing-secret" } })
        .send(get(clients, "a/1")),
  },
  {
    title: "come with another secret",
    send: (clients) =>
      changing(clients, "signed", ({ headers }) => {
        headers["authorization"] = (headers["authorization"] ?? "").replace(/.{8}$/, "00000000");
      }).send(get(clients, "a/1")),
  },
  {
    title: "come without a signature",
    send: (clients) =>
      changing(clients, "signed", ({ headers }) => {
        delete headers["authorization"];
      }).send(get(clients, "a/1")),
  },
  {
    title: "come with a password",
    send: (clients) =>
      changing(clients, "signed", ({ headers }) => {
        headers["authorization"] = "Basic c3RhdGU6dGVzdA==";
      }).send(get(clients, "a/1")),
  },
  {
    title: "come from another region",
    send: (clients) => clients.other({ region: "eu-north-1" }).send(get(clients, "a/1")),
  },
  {
    title: "come 20 minutes late",
    send: (clients) => clients.other({ systemClockOffset: -20 * 60_000 }).send(get(clients, "a/1")),
  },
  {
    title: "put on the condition of an etag",
    send: (clients) => clients.client.send(put(clients, "a/new", { IfNoneMatch: '"abc"' })),
  },
];
