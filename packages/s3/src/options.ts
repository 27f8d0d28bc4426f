import type { S3Client, S3ClientConfig } from "@aws-sdk/client-s3";
import { buildClient, deriveClient } from "./client.ts";

export interface S3StoreOptions {
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
  readonly client?: S3Client | undefined;
  /**
   * For a client that the store builds, and destroys when it is closed. Credentials come by the
   * SDK's own chain.
   */
  readonly clientConfig?: S3ClientConfig | undefined;
}

export interface Settings {
  readonly bucket: string;
  /** `""`, or ending in `/`. */
  readonly prefix: string;
  readonly name: string;
  readonly client: S3Client;
  /**
   * The time-out of a request with a body of so many bytes; `undefined` if the client's owner has
   * set it.
   */
  readonly requestTimeoutMs: (bytes: number) => number | undefined;
  readonly close: () => void;
}

const maxPrefixBytes = 120;
// Logs, XML and URLs each treat these characters differently.
// oxlint-disable-next-line no-control-regex
const notForXml = /[\u0000-\u001f\u007f\ufffe\uffff]/;

export function settingsOf(options: S3StoreOptions): Settings {
  const { bucket, client, clientConfig } = options;
  if (typeof bucket !== "string" || bucket === "") {
    throw new TypeError(`bucket must be the name of a bucket, not ${JSON.stringify(bucket)}`);
  }
  if (/--xa?-s3$/.test(bucket)) {
    throw new TypeError(
      `${bucket} is a directory bucket: it lists keys in no order, and checkpoints need byte order; use a general purpose bucket`,
    );
  }
  if (client !== undefined && clientConfig !== undefined) {
    throw new TypeError("client and clientConfig exclude each other: a client has its configuration");
  }
  const prefix = prefixOf(options.prefix ?? "");
  const name = `s3://${bucket}/${prefix.slice(0, -1)}`;
  if (client !== undefined) {
    return {
      bucket,
      prefix,
      name,
      client: deriveClient(client),
      requestTimeoutMs: () => undefined,
      close: () => undefined,
    };
  }
  const built = buildClient(clientConfig ?? {});
  return { ...built, bucket, prefix, name };
}

function prefixOf(prefix: string): string {
  const fault = prefixFault(prefix);
  if (fault !== undefined)
    throw new TypeError(`the prefix ${JSON.stringify(prefix)} cannot be used: ${fault}`);
  const path = withoutSlashes(prefix);
  return path === "" ? "" : `${path}/`;
}

function prefixFault(prefix: string): string | undefined {
  if (typeof prefix !== "string") return `it is of type ${typeof prefix}`;
  if (!prefix.isWellFormed()) return "it is not well-formed Unicode";
  if (notForXml.test(prefix)) return "it has a character that XML cannot carry";
  const path = withoutSlashes(prefix);
  const bytes = new TextEncoder().encode(path).length;
  if (bytes > maxPrefixBytes) return `it is ${bytes} bytes long, ${maxPrefixBytes} is the most`;
  if (path === "") return prefix === "" ? undefined : "it has nothing but slashes";
  // Services and proxies remove such segments from a URL, or refuse them.
  if (path.split("/").some((segment) => ["", ".", ".."].includes(segment))) {
    return 'it has a segment that is empty, "." or ".."';
  }
  return undefined;
}

function withoutSlashes(prefix: string): string {
  let end = prefix.length;
  while (prefix[end - 1] === "/") end -= 1;
  return prefix.slice(0, end);
}
