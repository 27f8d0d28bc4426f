import type { StorageOptions } from "@google-cloud/storage";
import { checkEndpoint, idleTimeoutOf, parseStoreUrl, prefixOf } from "@state/core/adapter";
import { checkClient, type StorageClient } from "./client.ts";

export interface GcsStoreOptions {
  readonly bucket: string;
  /**
   * The folder in the bucket that holds the store's keys, with or without a `/` at its end. At most 120 bytes of UTF-8. Two
   * stores with different prefixes never see each other.
   */
  readonly prefix?: string | undefined;
  /**
   * Your own client, which is never changed. The store uses its endpoint, credentials and transport, and none of its
   * retries.
   */
  readonly storage?: StorageClient | undefined;
  /** For a client that the store builds. Credentials come by the SDK's own chain. */
  readonly storageOptions?: StorageOptions | undefined;
  /** The project that pays for the requests to a bucket that is requester pays. */
  readonly userProject?: string | undefined;
  /** The key of Cloud KMS that encrypts what is created: `projects/P/locations/L/keyRings/R/cryptoKeys/K`. */
  readonly kmsKeyName?: string | undefined;
  /**
   * How long a request may make no progress, in milliseconds: no credentials come, and no byte is sent or received. Then it
   * is `Unavailable`. 1 to 2^31-1, default 30,000.
   */
  readonly idleTimeoutMs?: number | undefined;
}

export interface Settings {
  readonly bucket: string;
  /** `""`, or ending in `/`. */
  readonly prefix: string;
  /** `gs://bucket/prefix`. */
  readonly name: string;
  readonly storage: StorageClient | undefined;
  readonly storageOptions: StorageOptions | undefined;
  readonly idleTimeoutMs: number;
  readonly userProject: string | undefined;
  readonly kmsKeyName: string | undefined;
}

/** The schemes of the URLs that `storeFromUrl` takes. */
export const urlSchemes: readonly string[] = ["gs"];

const kmsKey = /^projects\/[^/]+\/locations\/[^/]+\/keyRings\/[^/]+\/cryptoKeys\/[^/]+$/;

export function settingsOf(options: GcsStoreOptions): Settings {
  const { bucket, storage, storageOptions, userProject, kmsKeyName } = options;
  if (typeof bucket !== "string" || /^\.{0,2}$|[/\s:]/.test(bucket))
    throw new TypeError(`bucket must be the name of a bucket, not ${JSON.stringify(bucket)}`);
  if (storage !== undefined && storageOptions !== undefined)
    throw new TypeError("storage and storageOptions exclude each other: a client has its options");
  if (userProject !== undefined && (typeof userProject !== "string" || userProject === ""))
    throw new TypeError(`userProject must be the id of a project, not ${JSON.stringify(userProject)}`);
  if (kmsKeyName !== undefined && (typeof kmsKeyName !== "string" || !kmsKey.test(kmsKeyName))) {
    const form = "projects/P/locations/L/keyRings/R/cryptoKeys/K";
    throw new TypeError(`kmsKeyName must be of the form ${form}, not ${JSON.stringify(kmsKeyName)}`);
  }
  const prefix = prefixOf(options.prefix);
  if (prefix.startsWith(".well-known/acme-challenge"))
    throw new TypeError(
      `the prefix ${JSON.stringify(prefix)} cannot be used: Cloud Storage keeps it for itself`,
    );
  checkClient(storage, storageOptions);
  return {
    bucket,
    prefix,
    name: `gs://${bucket}/${prefix}`.slice(0, -1),
    storage,
    storageOptions,
    userProject,
    kmsKeyName,
    idleTimeoutMs: idleTimeoutOf(options.idleTimeoutMs),
  };
}

/**
 * Reads `gs://BUCKET/PREFIX?endpoint=…`.
 *
 * @throws `TypeError` for another scheme, credentials, unknown parameters, and an endpoint that is no URL
 */
export function optionsOfUrl(url: string | URL): GcsStoreOptions {
  const { host, path, parameters } = parseStoreUrl(url, "gs", ["endpoint"]);
  const { endpoint } = parameters;
  return {
    bucket: host,
    prefix: path,
    ...(endpoint === undefined ? {} : { storageOptions: { apiEndpoint: checkEndpoint(endpoint) } }),
  };
}
