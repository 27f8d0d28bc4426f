import { Storage } from "@google-cloud/storage";
import type { StorageOptions } from "@google-cloud/storage";
import { PassThroughClient } from "google-auth-library";
import type { Requester } from "./exchange.ts";

export interface GcsStoreOptions {
  readonly bucket: string;
  /**
   * Where in the bucket the store's keys begin; joined to them by one `/`, whatever it ends in. At most 120 bytes of
   * UTF-8. Two stores with different prefixes never see each other.
   */
  readonly prefix?: string | undefined;
  /** A client that stays yours. The store uses its endpoint, credentials and transport, none of its retries, and never changes it. */
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
  readonly client: Requester;
}

const maxPrefixBytes = 120;
// Cloud Storage refuses some of them, and XML, logs and consoles the others.
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
    client: requesterOf(client),
  };
}

/** Without a slash at its end: the SDK has taken it off. Not `baseUrl`: with `STORAGE_EMULATOR_HOST` it lacks the path of the API. */
function endpointOf(storage: Storage): string {
  const endpoint: unknown = storage.apiEndpoint;
  if (typeof endpoint !== "string" || !URL.canParse(endpoint)) {
    throw new TypeError("storage must be a Storage of @google-cloud/storage with an API endpoint");
  }
  const { username, password } = new URL(endpoint);
  if (username !== "" || password !== "") {
    throw new TypeError(
      "the API endpoint must hold no credentials: they would not be sent, but be in messages",
    );
  }
  return endpoint;
}

/** As the SDK does: another endpoint gets no credentials unless `useAuthWithCustomEndpoint` says so. */
function requesterOf(storage: Storage): Requester {
  if (storage.customEndpoint && storage.useAuthWithCustomEndpoint !== true) return new PassThroughClient();
  const { authClient } = storage;
  if (typeof authClient?.request !== "function") {
    throw new TypeError("storage has no authClient.request: it must be of @google-cloud/storage 7 or later");
  }
  return authClient;
}

function prefixOf(prefix: string): string {
  const fault = faultOf(prefix);
  if (fault !== undefined)
    throw new TypeError(`the prefix ${JSON.stringify(prefix)} cannot be used: ${fault}`);
  const path = withoutSlashes(prefix);
  return path === "" ? "" : `${path}/`;
}

function faultOf(prefix: string): string | undefined {
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
