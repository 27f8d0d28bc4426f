import type { ContainerClient, StorageSharedKeyCredential } from "@azure/storage-blob";

/**
 * The container and its credentials: by a client of your own, an account's address, or a connection
 * string.
 */
export type AzureStoreOptions = InjectedContainer | AccountContainer | ConnectionStringContainer;

interface Prefixed {
  /**
   * The folder in the container that holds the store's keys, with or without a `/` at its end. At
   * most 120 bytes of UTF-8. Two stores with different prefixes never see each other.
   */
  readonly prefix?: string | undefined;
}

export interface InjectedContainer extends Prefixed {
  /**
   * Your own client, which is never changed. The store derives one from it that has the same
   * address, credential, HTTP client, proxy and policies, and sends each request once.
   */
  readonly container: ContainerClient;
}

export interface AccountContainer extends Prefixed {
  /**
   * `https://ACCOUNT.blob.core.windows.net`, or with a SAS:
   * `https://ACCOUNT.blob.core.windows.net?sv=…&sig=…`.
   */
  readonly accountUrl: string;
  readonly containerName: string;
  /**
   * An account key, or a token credential such as `DefaultAzureCredential`. Left out for a SAS in
   * the URL.
   */
  readonly credential?: TokenCredential | StorageSharedKeyCredential | undefined;
}

export interface ConnectionStringContainer extends Prefixed {
  /** With an account key or a SAS, as the portal shows it. */
  readonly connectionString: string;
  readonly containerName: string;
}

/** A credential of `@azure/identity`. */
export type TokenCredential = Extract<
  ContainerClient["credential"],
  { getToken(scopes: string | string[]): unknown }
>;

const maxPrefixBytes = 120;

/** The prefix of every blob's name: `""`, or ending in exactly one `/`. */
export function prefixOf(prefix: unknown): string {
  if (prefix === undefined || prefix === "") return "";
  if (typeof prefix !== "string") throw new TypeError(`prefix must be a string, not ${typeof prefix}`);
  const path = prefix.endsWith("/") ? prefix.slice(0, -1) : prefix;
  const fault = prefixFault(path);
  if (fault !== undefined)
    throw new TypeError(`the prefix ${JSON.stringify(prefix)} is not allowed: ${fault}`);
  return `${path}/`;
}

function prefixFault(path: string): string | undefined {
  // Listings are XML, which cannot carry these characters. A `\` becomes `/` on its way.
  // oxlint-disable-next-line no-control-regex
  if (!path.isWellFormed() || /[\u0000-\u001F\u007F\\\uFFFE\uFFFF]/u.test(path)) {
    return "it has a character that a blob's name cannot hold";
  }
  const bytes = Buffer.byteLength(path);
  if (bytes > maxPrefixBytes) return `it is ${bytes} bytes of UTF-8, ${maxPrefixBytes} is the most`;
  for (const segment of path.split("/")) {
    if (segment === "") return "it has an empty segment";
    // A URL loses its segments `.` and `..`, and the service advises against every segment that
    // ends in a dot.
    if (segment.endsWith(".")) return "it has a segment that ends in a dot";
  }
  return undefined;
}
