import type { ContainerClient, StorageSharedKeyCredential } from "@azure/storage-blob";

/** Where the objects are, and how to get in: a client of yours, an account's address, or a connection string. */
export type AzureStoreOptions = InjectedContainer | AccountContainer | ConnectionStringContainer;

interface Prefixed {
  /** The folder in the container that holds the objects: at most 120 bytes of UTF-8, with or without a `/` at its end. */
  readonly prefix?: string | undefined;
}

export interface InjectedContainer extends Prefixed {
  /**
   * Used as a pattern, and left alone: the store derives a client with the same address, credential, HTTP client, proxy
   * and policies, that sends each request once.
   */
  readonly container: ContainerClient;
}

export interface AccountContainer extends Prefixed {
  /** `https://ACCOUNT.blob.core.windows.net`, or with a SAS: `https://ACCOUNT.blob.core.windows.net?sv=…&sig=…`. */
  readonly accountUrl: string;
  readonly containerName: string;
  /** An account key, or a token credential such as `DefaultAzureCredential`. Left out for a SAS in the URL. */
  readonly credential?: TokenCredential | StorageSharedKeyCredential | undefined;
}

export interface ConnectionStringContainer extends Prefixed {
  /** With an account key or a SAS, as the portal shows it. */
  readonly connectionString: string;
  readonly containerName: string;
}

/** What `@azure/identity` makes. */
export type TokenCredential = Extract<
  ContainerClient["credential"],
  { getToken(scopes: string | string[]): unknown }
>;

const maxPrefixBytes = 120;

/** The prefix of every blob's name: `""`, or ending in exactly one `/`. */
export function blobPrefix(prefix: unknown): string {
  if (prefix === undefined || prefix === "") return "";
  if (typeof prefix !== "string") throw new TypeError(`prefix must be a string, not ${typeof prefix}`);
  const path = prefix.endsWith("/") ? prefix.slice(0, -1) : prefix;
  const fault = faultOf(path);
  if (fault !== undefined)
    throw new TypeError(`the prefix ${JSON.stringify(prefix)} is not allowed: ${fault}`);
  return `${path}/`;
}

function faultOf(path: string): string | undefined {
  // XML, in which listings come, has no form for these; `\` becomes `/` on its way.
  // oxlint-disable-next-line no-control-regex
  if (!path.isWellFormed() || /[\u0000-\u001F\u007F\\\uFFFE\uFFFF]/u.test(path)) {
    return "it has a character that a blob's name cannot hold";
  }
  const bytes = Buffer.byteLength(path);
  if (bytes > maxPrefixBytes) return `it is ${bytes} bytes of UTF-8, ${maxPrefixBytes} is the most`;
  for (const segment of path.split("/")) {
    if (segment === "") return "it has an empty segment";
    // URLs lose the segments `.` and `..`; the service advises against any that ends in a dot.
    if (segment.endsWith(".")) return "it has a segment that ends in a dot";
  }
  return undefined;
}
