/** The calls of a bucket, by each client that the benchmark compares. */
import type { ObjectStore } from "@state/core";
import { CannotRun } from "./cannot-run.ts";
import { rawClient } from "./s3-raw.ts";

/** A bucket of an S3 service. */
export interface Bucket {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly bucket: string;
}

export type ClientName = "store" | "sdk" | "raw" | "opendal";

/** Each call rejects if it did not do what it says. */
export interface S3Calls {
  /** Only if nothing is there. */
  readonly create: (key: string, body: Uint8Array) => Promise<unknown>;
  readonly get: (key: string) => Promise<Uint8Array>;
  /** Returns how many keys there are beneath a prefix. */
  readonly list: (prefix: string) => Promise<number>;
  readonly deleteAll: (keys: readonly string[]) => Promise<unknown>;
}

/** Loads the client that is asked for and no other. */
export async function clientOf(name: ClientName, bucket: Bucket): Promise<S3Calls> {
  if (name === "store") return storeClient(await s3StoreOf(bucket));
  if (name === "sdk") return sdkClient(bucket);
  if (name === "opendal") return opendalClient(bucket);
  return rawClient(bucket);
}

export async function s3StoreOf(place: Bucket): Promise<ObjectStore> {
  const { S3Store } = await import("@state/s3");
  const { endpoint, region, accessKeyId, secretAccessKey, bucket } = place;
  const credentials = { accessKeyId, secretAccessKey };
  return new S3Store({ bucket, clientConfig: { endpoint, region, credentials, forcePathStyle: true } });
}

function storeClient(store: ObjectStore): S3Calls {
  return {
    create: async (key, body) => {
      if ((await store.create(key, body)) !== "created") throw new Error(`${key} exists`);
    },
    get: async (key) => (await store.get(key)) ?? new Uint8Array(),
    list: async (prefix) => {
      let count = 0;
      for await (const { objects } of store.list(prefix)) count += objects.length;
      return count;
    },
    deleteAll: async (keys) => {
      const [failure] = await store.delete(keys);
      if (failure !== undefined) throw failure.error;
    },
  };
}

async function sdkClient(place: Bucket): Promise<S3Calls> {
  const { DeleteObjectsCommand, GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } =
    await import("@aws-sdk/client-s3");
  const { endpoint, region, accessKeyId, secretAccessKey, bucket: Bucket } = place;
  const credentials = { accessKeyId, secretAccessKey };
  const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
  return {
    create: (Key, body) =>
      client.send(new PutObjectCommand({ Bucket, Key, Body: Buffer.from(body.buffer), IfNoneMatch: "*" })),
    get: async (Key) => {
      const { Body } = await client.send(new GetObjectCommand({ Bucket, Key, ChecksumMode: "ENABLED" }));
      return (await Body?.transformToByteArray()) ?? new Uint8Array();
    },
    list: async (Prefix) => {
      let count = 0;
      for (let token: string | undefined, isLast = false; !isLast;) {
        const page = await client.send(
          new ListObjectsV2Command({ Bucket, Prefix, ContinuationToken: token }),
        );
        count += page.Contents?.length ?? 0;
        token = page.NextContinuationToken;
        isLast = page.IsTruncated !== true;
      }
      return count;
    },
    deleteAll: async (keys) => {
      for (let at = 0; at < keys.length; at += 1_000) {
        const Objects = keys.slice(at, at + 1_000).map((Key) => ({ Key }));
        const { Errors, Deleted } = await client.send(
          new DeleteObjectsCommand({ Bucket, Delete: { Objects } }),
        );
        if (Errors !== undefined || Deleted?.length !== Objects.length) throw new Error("not deleted");
      }
    },
  };
}

async function opendalClient(place: Bucket): Promise<S3Calls> {
  if (place.endpoint.startsWith("https:"))
    throw new CannotRun("opendal trusts the authorities that it was built with, and no other");
  const { Operator } = await import("opendal").catch((error: unknown) => {
    throw new CannotRun(`opendal does not load here: ${reasonOf(error)}`);
  });
  const operator = new Operator("s3", {
    endpoint: place.endpoint,
    region: place.region,
    bucket: place.bucket,
    access_key_id: place.accessKeyId,
    secret_access_key: place.secretAccessKey,
    disable_config_load: "true",
    disable_ec2_metadata: "true",
  });
  return {
    create: (key, body) => operator.write(key, Buffer.from(body.buffer), { ifNotExists: true }),
    get: (key) => operator.read(key),
    list: async (prefix) => (await operator.list(prefix, { recursive: true })).length,
    deleteAll: (keys) => operator.remove([...keys]),
  };
}

/** Its loader tries several binaries, and has a reason for each. */
function reasonOf(error: unknown): string {
  const cause: unknown = Reflect.get(Object(error), "cause");
  return String(Array.isArray(cause) ? cause.at(-1) : error).split("\n")[0] ?? "";
}
