import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import type { Saying } from "./recording.ts";
import { changing, type S3Speaker } from "./s3-speaker.ts";

function put({ bucket, root }: S3Speaker, key: string, more: object = {}): PutObjectCommand {
  return new PutObjectCommand({ Bucket: bucket, Key: root + key, Body: Buffer.from(`of ${key}`), ...more });
}

function get({ bucket, root }: S3Speaker, key: string, more: object = {}): GetObjectCommand {
  return new GetObjectCommand({ Bucket: bucket, Key: root + key, ...more });
}

function list({ bucket, root }: S3Speaker, more: object = {}): ListObjectsV2Command {
  return new ListObjectsV2Command({ Bucket: bucket, Prefix: root, ...more });
}

function remove(
  { bucket, root }: S3Speaker,
  keys: readonly string[],
  more: object = {},
): DeleteObjectsCommand {
  return new DeleteObjectsCommand({
    Bucket: bucket,
    Delete: { Objects: keys.map((key) => ({ Key: root + key })), ...more },
  });
}

async function pages({ client, ...speaker }: S3Speaker, more: object): Promise<void> {
  let token: string | undefined;
  // A double whose pages never end is told by their number.
  for (let page = 0; page < 10; page += 1) {
    const answer = await client.send(
      list({ client, ...speaker }, { ...more, ...(token === undefined ? {} : { ContinuationToken: token }) }),
    );
    token = answer.NextContinuationToken;
    if (token === undefined) return;
  }
}

async function whole(listing: AsyncIterable<unknown>): Promise<void> {
  for await (const page of listing) void page;
}

const bytes = Buffer.from("some bytes");
const absentBucket = "state-tests-of-nobody";
const odd = ["o/ü b", "o/a+b", "o/a%20b", "o/a&b<c>'\"", "o/a~b"];

/** In this order: what one puts, another finds. */
export const s3Sayings: readonly Saying<S3Speaker>[] = [
  { title: "create", say: ({ store }) => store.create("a/1", bytes) },
  { title: "create what is there", say: ({ store }) => store.create("a/1", bytes) },
  { title: "create an empty object", say: ({ store }) => store.create("a/empty", Buffer.alloc(0)) },
  {
    title: "put without a checksum",
    say: (speaker) =>
      speaker.other({ requestChecksumCalculation: "WHEN_REQUIRED" }).send(put(speaker, "a/bare")),
  },
  {
    title: "put with a type of content",
    say: (speaker) => speaker.client.send(put(speaker, "a/typed", { ContentType: "text/plain" })),
  },
  ...["a/2", "b/1", "b/2", "c"].map((key) => ({
    title: `put ${key}`,
    say: (speaker: S3Speaker) => speaker.client.send(put(speaker, key)),
  })),
  ...odd.map((key) => ({
    title: `put ${key}`,
    say: (speaker: S3Speaker) => speaker.client.send(put(speaker, key)),
  })),
  {
    title: "put with a CRC32 of other bytes",
    say: (speaker) => speaker.client.send(put(speaker, "a/new", { ChecksumCRC32: "AAAAAA==" })),
  },
  {
    title: "put with a CRC32 that is none",
    say: (speaker) => speaker.client.send(put(speaker, "a/new", { ChecksumCRC32: "AA==" })),
  },
  {
    title: "put with an MD5 of other bytes",
    say: (speaker) => speaker.client.send(put(speaker, "a/new", { ContentMD5: "1B2M2Y8AsgTpgAmY7PhCfg==" })),
  },
  {
    title: "put with a SHA-256 of other bytes",
    say: (speaker) =>
      changing(speaker, "unsigned", ({ headers }) => {
        headers["x-amz-content-sha256"] = "0".repeat(64);
      }).send(put(speaker, "a/new")),
  },
  {
    title: "put bytes that change after they were signed",
    say: (speaker) =>
      changing(speaker, "signed", (request) => {
        request.body = Buffer.from("OF a/new");
      }).send(put(speaker, "a/new")),
  },
  {
    title: "put under a key of 1,025 bytes",
    say: (speaker) =>
      speaker.client.send(
        put(speaker, `${"k".repeat(200)}/`.repeat(6).slice(0, 1_025 - speaker.root.length)),
      ),
  },
  {
    title: "put after none of which was stored",
    say: (speaker) => speaker.client.send(get(speaker, "a/new")),
  },

  { title: "get", say: ({ store }) => store.get("a/1") },
  { title: "get an empty object", say: ({ store }) => store.get("a/empty") },
  { title: "get what has no checksum", say: ({ store }) => store.get("a/bare") },
  { title: "get what is not there", say: ({ store }) => store.get("a/none") },
  {
    title: "get without asking for the checksum",
    say: (speaker) =>
      speaker.other({ responseChecksumValidation: "WHEN_REQUIRED" }).send(get(speaker, "a/1")),
  },
  { title: "get what has a type of content", say: (speaker) => speaker.client.send(get(speaker, "a/typed")) },
  ...odd.map((key) => ({
    title: `get ${key}`,
    say: (speaker: S3Speaker) => speaker.client.send(get(speaker, key)),
  })),
  {
    title: "ask for the head of an object",
    say: ({ client, bucket, root }) =>
      client.send(new HeadObjectCommand({ Bucket: bucket, Key: `${root}a/1` })),
  },
  {
    title: "ask for the head of what is not there",
    say: ({ client, bucket, root }) =>
      client.send(new HeadObjectCommand({ Bucket: bucket, Key: `${root}a/none` })),
  },

  { title: "list", say: ({ store }) => whole(store.list("a/")) },
  { title: "list folders", say: ({ store }) => whole(store.list("", { delimiter: "/" })) },
  { title: "list where nothing is", say: ({ store }) => whole(store.list("none/")) },
  { title: "list all in pages of 4", requests: 4, say: (speaker) => pages(speaker, { MaxKeys: 4 }) },
  {
    title: "list folders in pages of 1",
    requests: 4,
    say: (speaker) => pages(speaker, { MaxKeys: 1, Delimiter: "/" }),
  },
  { title: "list in a page of 0", say: (speaker) => speaker.client.send(list(speaker, { MaxKeys: 0 })) },
  {
    title: "list more than a page can have",
    say: (speaker) => speaker.client.send(list(speaker, { MaxKeys: 2_000 })),
  },
  { title: "list a page of -1", say: (speaker) => speaker.client.send(list(speaker, { MaxKeys: -1 })) },
  {
    title: "list after a key",
    say: (speaker) => speaker.client.send(list(speaker, { StartAfter: `${speaker.root}b/1` })),
  },
  {
    title: "list keys encoded",
    say: (speaker) => speaker.client.send(list(speaker, { EncodingType: "url" })),
  },
  {
    title: "list keys in an encoding that is none",
    say: (speaker) => speaker.client.send(list(speaker, { EncodingType: "base64" })),
  },
  {
    title: "list after a token that is none",
    say: (speaker) => speaker.client.send(list(speaker, { ContinuationToken: "?" })),
  },

  { title: "delete, also what is not there", say: ({ store }) => store.delete(["b/1", "b/none"]) },
  {
    title: "delete and hear of failures only",
    say: (speaker) => speaker.client.send(remove(speaker, ["b/2"], { Quiet: true })),
  },
  {
    title: "delete keys that XML has to escape",
    say: (speaker) => speaker.client.send(remove(speaker, odd)),
  },
  {
    title: "delete one",
    say: ({ client, bucket, root }) =>
      client.send(new DeleteObjectCommand({ Bucket: bucket, Key: `${root}c` })),
  },
  {
    title: "delete one that is not there",
    say: ({ client, bucket, root }) =>
      client.send(new DeleteObjectCommand({ Bucket: bucket, Key: `${root}c` })),
  },
  {
    title: "delete 1,001",
    say: (speaker) =>
      speaker.client.send(
        remove(
          speaker,
          Array.from({ length: 1_001 }, (_, index) => `many/${index}`),
        ),
      ),
  },
  {
    title: "delete by no XML",
    say: (speaker) =>
      changing(speaker, "unsigned", (request) => {
        request.body = "<Delete><Object>";
        request.headers["content-length"] = "16";
        request.headers["content-md5"] = "2/tgmBdmQLO+511KLYgSag==";
        delete request.headers["x-amz-checksum-crc32"];
      }).send(remove(speaker, ["a/1"])),
  },
  {
    title: "delete without a checksum",
    say: (speaker) =>
      changing(speaker, "unsigned", ({ headers }) => {
        for (const name of Object.keys(headers)) {
          if (name.startsWith("x-amz-checksum") || name === "x-amz-sdk-checksum-algorithm")
            delete headers[name];
        }
      }).send(remove(speaker, ["a/1"])),
  },
  { title: "list what is left", say: ({ store }) => whole(store.list("")) },

  {
    title: "ask for the head of a bucket",
    say: ({ client, bucket }) => client.send(new HeadBucketCommand({ Bucket: bucket })),
  },
  {
    title: "ask for the head of a bucket that is not there",
    say: ({ client }) => client.send(new HeadBucketCommand({ Bucket: absentBucket })),
  },
  {
    title: "create in a bucket that is not there",
    say: (speaker) =>
      speaker.client.send(put({ ...speaker, bucket: absentBucket }, "a", { IfNoneMatch: "*" })),
  },
  {
    title: "get from a bucket that is not there",
    say: (speaker) => speaker.client.send(get({ ...speaker, bucket: absentBucket }, "a")),
  },
  {
    title: "list a bucket that is not there",
    say: (speaker) => speaker.client.send(list({ ...speaker, bucket: absentBucket })),
  },
  {
    title: "delete from a bucket that is not there",
    say: (speaker) => speaker.client.send(remove({ ...speaker, bucket: absentBucket }, ["a"])),
  },

  {
    title: "come with a key of nobody's",
    say: (speaker) =>
      speaker
        .other({ credentials: { accessKeyId: "AKIANOBODY", secretAccessKey: "nothing-secret" } })
        .send(get(speaker, "a/1")),
  },
  {
    title: "come with another secret",
    say: (speaker) =>
      changing(speaker, "signed", ({ headers }) => {
        headers["authorization"] = (headers["authorization"] ?? "").replace(/.{8}$/, "00000000");
      }).send(get(speaker, "a/1")),
  },
  {
    title: "come without a signature",
    say: (speaker) =>
      changing(speaker, "signed", ({ headers }) => {
        delete headers["authorization"];
      }).send(get(speaker, "a/1")),
  },
  {
    title: "come with a password",
    say: (speaker) =>
      changing(speaker, "signed", ({ headers }) => {
        headers["authorization"] = "Basic c3RhdGU6dGVzdA==";
      }).send(get(speaker, "a/1")),
  },
  {
    title: "come from another region",
    say: (speaker) => speaker.other({ region: "eu-north-1" }).send(get(speaker, "a/1")),
  },
  {
    title: "come 20 minutes late",
    say: (speaker) => speaker.other({ systemClockOffset: -20 * 60_000 }).send(get(speaker, "a/1")),
  },
  {
    title: "put on the condition of an etag",
    say: (speaker) => speaker.client.send(put(speaker, "a/new", { IfNoneMatch: '"abc"' })),
  },
];
