import { XMLParser } from "fast-xml-parser";
import { s3FromEnvironment, startS3Double } from "@state/servers";
import { type ComparisonRules, headersBut, typeOf } from "./comparison.ts";
import type { Deviation, Drift } from "./drift.ts";
import { recordAll } from "./recording.ts";
import { s3Clients } from "./s3-clients.ts";
import { s3Probes } from "./s3-probes.ts";

/** The headers that no store reads. */
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

const rules: ComparisonRules = {
  view(recorded) {
    const headers = headersBut(recorded, ignoredHeaders);
    const { body } = recorded.response;
    if (!typeOf(recorded).startsWith("application/xml")) return { ...headers, body: body.toString() };
    // Its parts are compared one by one. Its length differs with those that are volatile.
    return { ...headers, "content-length": "", body: parser.parse(body) as unknown };
  },
  volatile:
    /(^date|last-modified|x-amz-request-id|LastModified|RequestId|HostId|BucketName|ContinuationToken)$/,
};

const namesNothing: Deviation = {
  because:
    "MinIO refuses the request before it reads which object it is for; S3's errors do not agree on this",
  differences: [
    "body.Error.BucketName: the double says something, the server nothing",
    'body.Error.Key: the double says "…/a/1", the server nothing',
  ],
};

const deviations: Readonly<Record<string, Deviation>> = {
  "put on the condition of an etag": {
    because: "S3 knows no If-None-Match but * on a put, and returns 501; MinIO does what HTTP says",
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
  probes: s3Probes,
  rules,
  deviations,
  hasServer: () => s3FromEnvironment() !== undefined,
  async record() {
    const named = s3FromEnvironment();
    if (named === undefined) throw new Error("STATE_TEST_S3 names no server");
    const place = { ...named, root: `${named.root}/drift-${crypto.randomUUID()}/` };
    const { region, accessKeyId, secretAccessKey } = place.server;
    const double = await startS3Double({ bucket: place.bucket, region, accessKeyId, secretAccessKey });
    return recordAll(place.root, double, place.server.endpoint, s3Probes, (to) => s3Clients(place, to));
  },
};
