import type { Fault } from "./fault.ts";
import type { SeenRequest } from "./request.ts";

export interface S3DoubleOptions {
  /** Buckets that are there from the start. Default: one, `bucket`. */
  readonly buckets?: readonly string[] | undefined;
  readonly region?: string | undefined;
  readonly accessKeyId?: string | undefined;
  readonly secretAccessKey?: string | undefined;
  /** With it requests must carry it, as those with temporary credentials do. */
  readonly sessionToken?: string | undefined;
  /** The most keys that a page of a listing, and a bulk delete, may have. Default 1,000. */
  readonly pageSize?: number | undefined;
  /** Milliseconds since 1970. A request that is dated 15 minutes away from it is refused. */
  readonly now?: (() => number) | undefined;
  /**
   * What becomes of `If-None-Match: *`: `ignores` overwrites, as s3rver does; `501` and `400` refuse it, as B2, and
   * IDrive e2 and Aliyun, do. Default `honours`.
   */
  readonly condition?: "honours" | "ignores" | "501" | "400" | undefined;
  /** `MissingContentMD5` and `NotImplemented` are the answers of services that cannot do what the SDK sends. */
  readonly bulkDelete?: "works" | "MissingContentMD5" | "NotImplemented" | undefined;
  /** Answers a request with a failure in place of doing it. */
  readonly fault?: ((request: SeenRequest) => Fault | undefined) | undefined;
}

export type Settings = { readonly [K in keyof S3DoubleOptions]-?: Exclude<S3DoubleOptions[K], undefined> };

export function settingsOf(options: S3DoubleOptions): Settings {
  return {
    buckets: options.buckets ?? ["bucket"],
    region: options.region ?? "us-east-1",
    accessKeyId: options.accessKeyId ?? "AKIADOUBLE",
    secretAccessKey: options.secretAccessKey ?? "secret-of-the-double",
    sessionToken: options.sessionToken ?? "",
    pageSize: options.pageSize ?? 1_000,
    now: options.now ?? Date.now,
    condition: options.condition ?? "honours",
    bulkDelete: options.bulkDelete ?? "works",
    fault: options.fault ?? (() => undefined),
  };
}
