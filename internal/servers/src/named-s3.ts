import type { S3Server } from "./minio.ts";

/** Where on a server the tests may be. */
export interface S3Place {
  readonly server: S3Server;
  readonly bucket: string;
  readonly root: string;
}

/** What `STATE_TEST_S3` names. */
export function namedS3(): S3Place | undefined {
  const named = process.env["STATE_TEST_S3"];
  if (named === undefined) return undefined;
  const url = new URL(named);
  const endpoint = url.searchParams.get("endpoint");
  if (endpoint === null)
    throw new Error("STATE_TEST_S3 names no endpoint: a proxy needs one to stand before");
  const server: S3Server = {
    endpoint,
    region: url.searchParams.get("region") ?? "us-east-1",
    accessKeyId: process.env["AWS_ACCESS_KEY_ID"] ?? "",
    secretAccessKey: process.env["AWS_SECRET_ACCESS_KEY"] ?? "",
    stop: async () => undefined,
  };
  return { server, bucket: url.hostname, root: url.pathname.slice(1) };
}
