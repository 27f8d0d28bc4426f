import type { S3ClientConfig } from "@aws-sdk/client-s3";
import { checkCount, checkEndpoint, idleTimeoutOf, parseStoreUrl, prefixOf } from "@state/core/adapter";
import { type S3ClientLike, type Snapshot, snapshotOf } from "./given-client.ts";

export interface S3StoreOptions {
  /** Its name, its alias, or the ARN of an access point. */
  readonly bucket: string;
  /**
   * The folder in the bucket that holds the store's keys, with or without a `/` at its end. At most
   * 120 bytes of UTF-8. Two stores with different prefixes never see each other.
   */
  readonly prefix?: string | undefined;
  /**
   * Your own client, which is never changed and never destroyed. The store derives one from it that
   * has the same settings, credentials, connections and middleware, and makes one request a call.
   */
  readonly client?: S3ClientLike | undefined;
  /**
   * For a client that the store builds, and destroys when it is closed. Credentials come by the
   * SDK's own chain.
   */
  readonly clientConfig?: S3ClientConfig | undefined;
  /** How long a request may pass no byte in either direction, in milliseconds. Default 30,000. */
  readonly idleTimeoutMs?: number | undefined;
  /**
   * Whether requests are signed and sent without the SDK's pipeline, where they are the same without it. Default `true`.
   */
  readonly directRequests?: boolean | undefined;
  /** How many keys a delete has in one request, 1 to 1,000. Default 1,000. */
  readonly deleteBatchSize?: number | undefined;
  /** The account that must own the bucket. Another's is refused by S3 with 403. */
  readonly expectedBucketOwner?: string | undefined;
  /** Whether the requester pays. */
  readonly requesterPays?: boolean | undefined;
  /** Of the objects that are created: `STANDARD_IA`, for example. */
  readonly storageClass?: string | undefined;
  /** Of the objects that are created. */
  readonly tags?: Readonly<Record<string, string>> | undefined;
  /** What encrypts the objects. Default: what the bucket says. */
  readonly encryption?: Encryption | undefined;
}

export type Encryption =
  | { readonly type: "AES256" }
  /** By a key of KMS: its id, ARN or alias; left out, the account's own key. */
  | { readonly type: "aws:kms" | "aws:kms:dsse"; readonly keyId?: string; readonly bucketKey?: boolean }
  /** By a key of yours, of 32 bytes, which every reader needs. It goes to the service with each request. */
  | { readonly type: "customer"; readonly key: Uint8Array };

/** Fields that the requests of the store have beside its own. */
export interface RequestFields {
  /** Of every request. */
  readonly all: object;
  /** Of a get and a create. */
  readonly object: object;
  /** Of a create alone. */
  readonly create: object;
}

export interface Settings {
  readonly bucket: string;
  /** `""`, or ending in `/`. */
  readonly prefix: string;
  readonly name: string;
  /** Of the client that was passed in. */
  readonly given: Snapshot | undefined;
  readonly clientConfig: S3ClientConfig;
  readonly hasDirectRequests: boolean;
  readonly idleTimeoutMs: number;
  readonly deleteBatchSize: number;
  readonly fields: RequestFields;
  /** What the store itself sends, and no message may hold. */
  readonly secrets: readonly string[];
}

const maxBatch = 1_000;

export function settingsOf(options: S3StoreOptions): Settings {
  const { bucket, client, clientConfig } = options;
  checkBucket(bucket);
  if (client !== undefined && clientConfig !== undefined) {
    throw new TypeError("client and clientConfig exclude each other: a client has its configuration");
  }
  const prefix = prefixOf(options.prefix);
  const key = customerKeyOf(options);
  return {
    bucket,
    prefix,
    name: `s3://${[bucket, prefix.slice(0, -1)].filter(Boolean).join("/")}`,
    given: client === undefined ? undefined : snapshotOf(client),
    clientConfig: clientConfig ?? {},
    hasDirectRequests: options.directRequests ?? true,
    idleTimeoutMs: idleTimeoutOf(options.idleTimeoutMs),
    deleteBatchSize: checkCount("deleteBatchSize", options.deleteBatchSize ?? maxBatch, maxBatch),
    fields: fieldsOf(options, key),
    secrets: key === undefined ? [] : [key],
  };
}

/** Buckets that cannot hold checkpoints, by their names, and why. */
const refused: readonly (readonly [name: RegExp, why: string])[] = [
  [
    /--xa?-s3$/,
    "is a directory bucket: it lists keys in no order, and checkpoints need byte order; use a general purpose bucket",
  ],
  [
    /^arn:[^:]*:s3::|\.mrap$/,
    "is a multi-region access point: each region decides for itself who creates a key, so that there may be several winners; use the bucket, or an access point, of one region",
  ],
  [
    /^arn:[^:]*:s3-object-lambda:|--ol-s3$/,
    "is an object lambda access point: what it returns is not what was stored; use the bucket that is beneath it",
  ],
];

function checkBucket(bucket: unknown): void {
  if (typeof bucket !== "string" || bucket === "")
    throw new TypeError(`bucket must be the name of a bucket, not ${JSON.stringify(bucket)}`);
  for (const [name, why] of refused) if (name.test(bucket)) throw new TypeError(`${bucket} ${why}`);
}

function fieldsOf(options: S3StoreOptions, key: string | undefined): RequestFields {
  const { expectedBucketOwner, requesterPays, storageClass, tags, encryption } = options;
  return {
    all: defined({
      ExpectedBucketOwner: expectedBucketOwner,
      RequestPayer: requesterPays === true ? "requester" : undefined,
    }),
    // The SDK computes the key's MD5.
    object: key === undefined ? {} : { SSECustomerAlgorithm: "AES256", SSECustomerKey: key },
    create: defined({
      StorageClass: storageClass,
      Tagging: tags === undefined ? undefined : new URLSearchParams({ ...tags }).toString(),
      ...encryptionFields(encryption),
    }),
  };
}

function encryptionFields(encryption: Encryption | undefined): object {
  if (encryption === undefined || encryption.type === "customer") return {};
  if (encryption.type === "AES256") return { ServerSideEncryption: "AES256" };
  return {
    ServerSideEncryption: encryption.type,
    SSEKMSKeyId: encryption.keyId,
    BucketKeyEnabled: encryption.bucketKey,
  };
}

function customerKeyOf({ encryption }: S3StoreOptions): string | undefined {
  if (encryption?.type !== "customer") return undefined;
  const key: unknown = encryption.key;
  if (!(key instanceof Uint8Array) || key.byteLength !== 32)
    throw new TypeError("encryption.key must be a Uint8Array of 32 bytes");
  return Buffer.from(key).toString("base64");
}

function defined(fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** The schemes of the URLs that `storeFromUrl` takes. */
export const urlSchemes: readonly string[] = ["s3"];

/**
 * Reads `s3://BUCKET/PREFIX?region=…&endpoint=…`. With an endpoint the bucket's name is in the path, as most compatible
 * services want it.
 *
 * @throws `TypeError`
 */
export function optionsFromUrl(url: string | URL): S3StoreOptions {
  const { host: bucket, path: prefix, parameters } = parseStoreUrl(url, "s3", ["region", "endpoint"]);
  const { region, endpoint } = parameters;
  if (endpoint !== undefined) checkEndpoint(endpoint);
  return {
    bucket,
    prefix,
    clientConfig: {
      ...(region === undefined ? {} : { region }),
      ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
    },
  };
}
