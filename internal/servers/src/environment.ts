/** The services that the environment names for tests, where a proxy can stand before them. */
import type { S3Server } from "./minio.ts";

/** Where on an S3 service the tests may be. */
export interface S3Place {
  readonly server: S3Server;
  readonly bucket: string;
  readonly root: string;
}

/** Where on a Cloud Storage service the tests may be. */
export interface GcsPlace {
  readonly endpoint: string;
  readonly bucket: string;
  readonly root: string;
}

/** The place that `STATE_TEST_S3` names. */
export function s3FromEnvironment(): S3Place | undefined {
  const place = placeFrom("STATE_TEST_S3");
  if (place === undefined) return undefined;
  const { endpoint, bucket, root, region } = place;
  const server: S3Server = {
    endpoint,
    region: region ?? "us-east-1",
    accessKeyId: process.env["AWS_ACCESS_KEY_ID"] ?? "",
    secretAccessKey: process.env["AWS_SECRET_ACCESS_KEY"] ?? "",
    stop: async () => undefined,
  };
  return { server, bucket, root };
}

/** The place that `STATE_TEST_GCS` names. */
export function gcsFromEnvironment(): GcsPlace | undefined {
  return placeFrom("STATE_TEST_GCS");
}

/** Reads `scheme://bucket/root?endpoint=…&region=…`. */
function placeFrom(variable: string): (GcsPlace & { readonly region: string | null }) | undefined {
  const text = process.env[variable];
  if (text === undefined) return undefined;
  const { hostname, pathname, searchParams } = new URL(text);
  const endpoint = searchParams.get("endpoint");
  if (endpoint === null) throw new Error(`${variable} names no endpoint: a proxy needs one to stand before`);
  return { endpoint, bucket: hostname, root: pathname.slice(1), region: searchParams.get("region") };
}
