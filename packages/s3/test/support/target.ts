import {
  DeleteObjectsCommand,
  ListObjectsV2Command,
  S3Client,
  type S3ClientConfig,
} from "@aws-sdk/client-s3";
import { startS3Double } from "@state/servers";

/** Where the suites run: what `STATE_TEST_S3` names, else a double on loopback. */
export interface Target {
  readonly bucket: string;
  /** Everything that a run makes is beneath it. */
  readonly prefix: string;
  readonly clientConfig: S3ClientConfig;
  /** Deletes what the run has made, and nothing else. */
  readonly end: () => Promise<void>;
}

export async function startTarget(): Promise<Target> {
  const url = process.env["STATE_TEST_S3"];
  return url === undefined || url === "" ? startDouble() : targetOf(url);
}

async function startDouble(): Promise<Target> {
  const double = await startS3Double();
  return {
    bucket: "bucket",
    prefix: `a b+c%20ü&<'>/${crypto.randomUUID()}`,
    clientConfig: configOf(double),
    end: () => double.stop(),
  };
}

export function configOf(server: {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}): S3ClientConfig {
  const { endpoint, region, accessKeyId, secretAccessKey } = server;
  return { endpoint, region, forcePathStyle: true, credentials: { accessKeyId, secretAccessKey } };
}

/** `s3://bucket/prefix?endpoint=…&region=…`; credentials by the SDK's chain. */
export function parseTarget(text: string): {
  readonly bucket: string;
  readonly prefix: string;
  readonly clientConfig: S3ClientConfig;
} {
  const url = new URL(text);
  const prefix = decodeURIComponent(url.pathname).replaceAll(/^\/+|\/+$/g, "");
  if (url.protocol !== "s3:" || url.hostname === "")
    throw new Error(`STATE_TEST_S3 is no s3://bucket/prefix: ${text}`);
  if (prefix === "") {
    throw new Error(`STATE_TEST_S3 needs a prefix, so that nothing outside of it is touched: ${text}`);
  }
  const endpoint = url.searchParams.get("endpoint");
  const region = url.searchParams.get("region");
  return {
    bucket: url.hostname,
    prefix,
    clientConfig: {
      ...(endpoint === null ? {} : { endpoint, forcePathStyle: true }),
      ...(region === null ? {} : { region }),
    },
  };
}

async function targetOf(text: string): Promise<Target> {
  const { bucket, prefix, clientConfig } = parseTarget(text);
  const client = new S3Client(clientConfig);
  const run = `${prefix}/${crypto.randomUUID()}`;
  return {
    bucket,
    prefix: run,
    clientConfig,
    end: async () => {
      await deleteAll(client, bucket, `${run}/`);
      client.destroy();
    },
  };
}

async function deleteAll(client: S3Client, bucket: string, prefix: string): Promise<void> {
  for (;;) {
    const page = await client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix }));
    const objects = (page.Contents ?? []).map(({ Key: key = "" }) => ({ Key: key }));
    if (objects.length === 0) return;
    if (!objects.every(({ Key: key }) => key.startsWith(prefix)))
      throw new Error("listed outside the prefix");
    await client.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: objects } }));
  }
}
