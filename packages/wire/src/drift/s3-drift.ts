import { XMLParser } from "fast-xml-parser";
import { startS3Double } from "servers";
import { namedS3 } from "../s3.ts";
import type { Reading } from "./comparison.ts";
import type { Drift } from "./drift.ts";
import { record } from "./recording.ts";
import { s3Sayings, s3Speaker } from "./s3-sayings.ts";

const parser = new XMLParser({
  ignoreAttributes: false,
  parseTagValue: false,
  trimValues: false,
  htmlEntities: true,
  isArray: (name) => ["Contents", "CommonPrefixes", "Deleted"].includes(name),
});

const reading: Reading = {
  ignoredHeaders: [
    "connection",
    "content-security-policy",
    "keep-alive",
    "server",
    "strict-transport-security",
    "vary",
    "x-amz-id-2",
    "x-content-type-options",
    "x-ratelimit-",
    "x-xss-protection",
  ],
  passing: /(date|last-modified|x-amz-request-id|LastModified|RequestId|HostId|ContinuationToken)$/,
  parse({ body, headers }) {
    const isXml = headers.some(
      ([name, value]) => name.toLowerCase() === "content-type" && value.startsWith("application/xml"),
    );
    return isXml ? (parser.parse(body) as unknown) : body.toString();
  },
};

export const s3Drift: Drift = {
  name: "the double of S3 and MinIO",
  sayings: s3Sayings,
  reading,
  deviations: {},
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
        double: await record(double.endpoint, s3Sayings, speak),
        server: await record(place.server.endpoint, s3Sayings, speak),
      };
    } finally {
      await double.stop();
    }
  },
};
