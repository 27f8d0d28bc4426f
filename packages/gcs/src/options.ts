import { Storage } from "@google-cloud/storage";
import type { StorageOptions } from "@google-cloud/storage";
import { endpointOf, requesterOf } from "./client.ts";
import type { Requester } from "./client.ts";

export interface GcsStoreOptions {
  readonly bucket: string;
  /**
   * The folder in the bucket that holds the store's keys, with or without a `/` at its end. At most
   * 120 bytes of UTF-8. Two stores with different prefixes never see each other.
   */
  readonly prefix?: string | undefined;
  /**
   * Your own client, which is never changed. The store uses its endpoint, credentials and
   * transport, and none of its retries.
   */
  readonly storage?: Storage | undefined;
  /** For a client that the store builds. Credentials come by the SDK's own chain. */
  readonly storageOptions?: StorageOptions | undefined;
}

export interface Settings {
  readonly bucket: string;
  /** `""`, or ending in `/`. */
  readonly prefix: string;
  readonly name: string;
  /** `https://storage.googleapis.com`. */
  readonly endpoint: string;
  readonly requester: Requester;
}

const maxPrefixBytes = 120;
// Cloud Storage refuses some of these, and XML, logs and consoles cannot show the others.
// oxlint-disable-next-line no-control-regex
const controlCharacter = /[\u0000-\u001f\u007f-\u009f]/;

export function settingsOf(options: GcsStoreOptions): Settings {
  const { bucket, storage, storageOptions } = options;
  if (typeof bucket !== "string" || /^\.{0,2}$|[/\s]/.test(bucket)) {
    throw new TypeError(`bucket must be the name of a bucket, not ${JSON.stringify(bucket)}`);
  }
  if (storage !== undefined && storageOptions !== undefined) {
    throw new TypeError("storage and storageOptions exclude each other: a client has its options");
  }
  const prefix = prefixOf(options.prefix ?? "");
  const client = storage ?? new Storage(storageOptions);
  return {
    bucket,
    prefix,
    name: `gs://${bucket}/${prefix.slice(0, -1)}`,
    endpoint: endpointOf(client),
    requester: requesterOf(client),
  };
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
  if (controlCharacter.test(prefix)) return "it has a control character";
  const path = withoutSlashes(prefix);
  const bytes = new TextEncoder().encode(path).length;
  if (bytes > maxPrefixBytes) return `it is ${bytes} bytes long, ${maxPrefixBytes} is the most`;
  if (path === "") return prefix === "" ? undefined : "it has nothing but slashes";
  if (path.split("/").some((segment) => ["", ".", ".."].includes(segment))) {
    return 'it has a segment that is empty, "." or ".."';
  }
  if (path.startsWith(".well-known/acme-challenge")) return "Cloud Storage keeps it for itself";
  return undefined;
}

function withoutSlashes(prefix: string): string {
  let end = prefix.length;
  while (prefix[end - 1] === "/") end -= 1;
  return prefix.slice(0, end);
}
