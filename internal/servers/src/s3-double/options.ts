import type { S3ErrorResponse } from "./error-response.ts";
import type { SeenRequest } from "./request.ts";

export interface S3DoubleOptions {
  /** The only bucket. Default `bucket`. */
  readonly bucket?: string | undefined;
  readonly region?: string | undefined;
  readonly accessKeyId?: string | undefined;
  readonly secretAccessKey?: string | undefined;
  /** If given, requests must carry it, as those with temporary credentials do. */
  readonly sessionToken?: string | undefined;
  /** Milliseconds since 1970. A request that is dated 15 minutes away from it is refused. */
  readonly now?: (() => number) | undefined;
  /**
   * What `If-None-Match: *` does. `ignores`: the put overwrites, as on s3rver. `501`: it is refused,
   * as by B2. `400`: it is refused, as by IDrive e2 and Aliyun. Default `honours`.
   */
  readonly condition?: "honours" | "ignores" | "501" | "400" | undefined;
  /** The code by which some services refuse the bulk delete that the SDK sends. Default `works`. */
  readonly bulkDelete?: "works" | "MissingContentMD5" | "NotImplemented" | undefined;
  /** What the bucket says of itself. Default: nothing is turned on. */
  readonly configuration?: BucketConfiguration | undefined;
  /** If it returns an error, the request is refused with that error and not performed. */
  readonly refuse?: ((request: SeenRequest) => S3ErrorResponse | undefined) | undefined;
}

/** The documents of a bucket, as the content of their root elements. */
export interface BucketConfiguration {
  readonly versioning?: "Enabled" | "Suspended";
  /** The rules, as in the XML. */
  readonly lifecycle?: readonly object[];
  readonly objectLock?: object;
  /** The class of what a listing shows. Default `STANDARD`. */
  readonly storageClass?: string;
  /** Whether it is a directory bucket. */
  readonly isDirectory?: boolean;
}

export type Settings = { readonly [K in keyof S3DoubleOptions]-?: Exclude<S3DoubleOptions[K], undefined> };

export function settingsOf(options: S3DoubleOptions): Settings {
  return {
    bucket: options.bucket ?? "bucket",
    region: options.region ?? "us-east-1",
    accessKeyId: options.accessKeyId ?? "AKIADOUBLE",
    secretAccessKey: options.secretAccessKey ?? "secret-of-the-double",
    sessionToken: options.sessionToken ?? "",
    now: options.now ?? Date.now,
    condition: options.condition ?? "honours",
    bulkDelete: options.bulkDelete ?? "works",
    configuration: options.configuration ?? {},
    refuse: options.refuse ?? (() => undefined),
  };
}
