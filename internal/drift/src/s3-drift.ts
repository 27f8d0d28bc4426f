import { XMLParser } from "fast-xml-parser";
import { namedS3, startS3Double } from "@state/servers";
import { headersBut, type Reading, typeOf } from "./comparison.ts";
import type { Deviation, Drift } from "./drift.ts";
import { record } from "./recording.ts";
import { s3Sayings } from "./s3-sayings.ts";
import { s3Speaker } from "./s3-speaker.ts";

/** No client of ours looks at them. */
const ignoredHeaders = [
  "connection",
  "content-security-policy",
  "keep-alive",
  "server",
  "strict-transport-security",
  "vary",
  "x-amz-id-2",
  "x-content-type-options",
  "x-minio-",
  "x-ratelimit-",
  "x-xss-protection",
];

const parser = new XMLParser({
  ignoreAttributes: false,
  parseTagValue: false,
  trimValues: false,
  htmlEntities: true,
  isArray: (name) => ["Contents", "CommonPrefixes", "Deleted"].includes(name),
});

const reading: Reading = {
  view(recorded) {
    const headers = headersBut(recorded, ignoredHeaders);
    const { body } = recorded.answer;
    if (!typeOf(recorded).startsWith("application/xml")) return { ...headers, body: body.toString() };
    // Each of its parts is compared, and its length is that of passing things too.
    return { ...headers, "content-length": "", body: parser.parse(body) as unknown };
  },
  passing:
    /(^date|last-modified|x-amz-request-id|LastModified|RequestId|HostId|BucketName|ContinuationToken)$/,
};

const namesNothing: Deviation = {
  because:
    "MinIO refuses it before it has read what the request is for; S3's errors differ in this from one another",
  differences: [
    "body.Error.BucketName: the double says something, the server nothing",
    'body.Error.Key: the double says "…/a/1", the server nothing',
  ],
};

const deviations: Readonly<Record<string, Deviation>> = {
  "put on the condition of an etag": {
    because: "S3 knows no If-None-Match but * on a put, and answers 501; MinIO does what HTTP says",
    differences: ["status: the double says 501, the server 200"],
  },
  "come from another region": {
    because: "S3 refuses a signature for another region; MinIO was told no region, and takes any for a read",
    differences: ["status: the double says 400, the server 200"],
  },
  "delete by no XML": {
    because: "MinIO adds what its parser says",
    differences: [
      'body.Error.Message: the double says "The XML you provided was not well-formed or did not validate against our published schema.", the server "The XML you provided was not well-formed or did not validate against our published schema. (XML syntax error on line 1: unexpected EOF)"',
    ],
  },
  "delete from a bucket that is not there": {
    because: "MinIO names the first of the keys; the request is for none",
    differences: ['body.Error.Key: the double says nothing, the server "…/a"'],
  },
  "come with a password": namesNothing,
  "come 20 minutes late": namesNothing,
};

export const s3Drift: Drift = {
  name: "the double of S3 and MinIO",
  sayings: s3Sayings,
  reading,
  deviations,
  isNamed: () => namedS3() !== undefined,
  async record() {
    const named = namedS3();
    if (named === undefined) throw new Error("STATE_TEST_S3 names no server");
    const place = { ...named, root: `${named.root}/drift-${crypto.randomUUID()}/` };
    const { region, accessKeyId, secretAccessKey } = place.server;
    const double = await startS3Double({ buckets: [place.bucket], region, accessKeyId, secretAccessKey });
    try {
      const speak = (endpoint: string) => s3Speaker(place, endpoint);
      return {
        root: place.root,
        double: await record(double.endpoint, s3Sayings, speak),
        server: await record(place.server.endpoint, s3Sayings, speak),
      };
    } finally {
      await double.stop();
    }
  },
};
