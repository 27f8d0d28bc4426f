import { checkCount, checkEndpoint, idleTimeoutOf, parseStoreUrl, prefixOf } from "@state/core/adapter";

/**
 * The container and its credentials: by a client of your own, an account's address, or a connection
 * string.
 */
export type AzureStoreOptions = InjectedContainer | AccountContainer | ConnectionStringContainer;

/** What each of the three forms takes. */
export interface StoreOptions {
  /**
   * The folder in the container that holds the store's keys, with or without a `/` at its end. At
   * most 120 bytes of UTF-8. Two stores with different prefixes never see each other.
   */
  readonly prefix?: string | undefined;
  /**
   * How long no byte of a request may pass in either direction, in milliseconds, before it is given
   * up as `Unavailable`. Default: 30,000.
   */
  readonly idleTimeoutMs?: number | undefined;
  /** The encryption scope that each create names. */
  readonly encryptionScope?: string | undefined;
  /** A key of your own, which is sent with each create and get. Needs HTTPS. */
  readonly customerProvidedKey?: CustomerProvidedKey | undefined;
  /** The access tier of what is created. Default: the account's. */
  readonly tier?: "Hot" | "Cool" | "Cold" | undefined;
  /**
   * `false` has the SDK make each request. By default the store makes creates of up to 128 KiB and gets itself, where what
   * it would send is equal to what the SDK would: `requestPath` says so.
   */
  readonly directRequests?: boolean | undefined;
  /** How many blobs one request deletes, 1 to 256. Default: 256. With 1 there are no batches. */
  readonly deleteBatchSize?: number | undefined;
}

/** An AES-256 key, as the SDK takes it. */
export interface CustomerProvidedKey {
  /** The key's 32 bytes, in Base64. */
  readonly encryptionKey: string;
  /** The SHA-256 of these bytes, in Base64. */
  readonly encryptionKeySha256: string;
}

export interface InjectedContainer extends StoreOptions {
  /**
   * Your own client, of any copy of `@azure/storage-blob` from 12.25, which is never changed. The
   * store derives one from it that has the same address, credential, HTTP client, proxy and
   * policies, and sends each request once.
   */
  readonly container: ContainerClientLike;
}

export interface AccountContainer extends StoreOptions {
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
  readonly credential?: TokenCredential | SharedKeyCredential | undefined;
  /**
   * For whom a token credential's tokens are, batches included. Default:
   * `https://storage.azure.com/.default`.
   */
  readonly audience?: string | undefined;
}

export interface ConnectionStringContainer extends StoreOptions {
  /** With an account key or a SAS, as the portal shows it. */
  readonly connectionString: string;
  readonly containerName: string;
}

/** What the store reads of a `ContainerClient`. Its class is another one in each copy of the SDK. */
export interface ContainerClientLike {
  readonly url: string;
  readonly containerName: string;
  readonly credential: object;
}

/** A `StorageSharedKeyCredential`. */
export interface SharedKeyCredential {
  readonly accountName: string;
  computeHMACSHA256(stringToSign: string): string;
}

/** A credential of `@azure/identity`, or one of your own. */
export interface TokenCredential {
  /** Resolves with a token that is good until `expiresOnTimestamp`, in milliseconds since 1970. */
  getToken(scopes: string | string[], options?: TokenOptions): Promise<AccessToken | null>;
}

/** What the service may ask of a token when it refuses another. */
export interface TokenOptions {
  readonly claims?: string;
  readonly enableCae?: boolean;
  readonly tenantId?: string;
}

export interface AccessToken {
  readonly token: string;
  readonly expiresOnTimestamp: number;
  readonly refreshAfterTimestamp?: number;
}

/** The options that are no matter of the client, checked. */
export interface Settings {
  /** The prefix of every blob's name: `""`, or ending in `/`. */
  readonly root: string;
  readonly idleTimeoutMs: number;
  readonly deleteBatchSize: number;
  readonly directRequests: boolean;
  /** What goes with each create. */
  readonly create: {
    readonly customerProvidedKey?: CustomerProvidedKey;
    readonly encryptionScope?: string;
    readonly tier?: string;
  };
  /** What goes with each get. */
  readonly get: { readonly customerProvidedKey?: CustomerProvidedKey };
}

const tiers: ReadonlySet<unknown> = new Set(["Hot", "Cool", "Cold"]);

/**
 * @param url the container's address
 * @throws `TypeError` or `RangeError` for options that are invalid
 */
export function settingsOf(options: StoreOptions, url: string): Settings {
  const { prefix, encryptionScope, customerProvidedKey, tier } = options;
  if (encryptionScope !== undefined && (typeof encryptionScope !== "string" || encryptionScope === ""))
    throw new TypeError("encryptionScope must be the name of a scope");
  if (encryptionScope !== undefined && customerProvidedKey !== undefined)
    throw new TypeError("a blob has an encryptionScope or a customerProvidedKey, never both");
  if (customerProvidedKey !== undefined && !/^https:/i.test(url))
    throw new TypeError("a customerProvidedKey needs an https address");
  const { directRequests = true } = options;
  if (typeof directRequests !== "boolean") throw new TypeError("directRequests must be true or false");
  if (tier !== undefined && !tiers.has(tier))
    throw new TypeError("tier must be Hot, Cool or Cold: a get from another one fails");
  const get =
    customerProvidedKey === undefined ? {} : { customerProvidedKey: checkedKey(customerProvidedKey) };
  return {
    root: prefixOf(prefix),
    idleTimeoutMs: idleTimeoutOf(options.idleTimeoutMs),
    deleteBatchSize: checkCount("deleteBatchSize", options.deleteBatchSize ?? 256, 256),
    directRequests,
    create: {
      ...get,
      ...(encryptionScope === undefined ? {} : { encryptionScope }),
      ...(tier === undefined ? {} : { tier }),
    },
    get,
  };
}

/** The message has no part of the key. */
function checkedKey({ encryptionKey, encryptionKeySha256 }: CustomerProvidedKey): CustomerProvidedKey {
  // Loaded for those alone who have such a key: it takes a fifth of Node's own start.
  const { createHash } = process.getBuiltinModule("node:crypto");
  const bytes = Buffer.from(typeof encryptionKey === "string" ? encryptionKey : "", "base64");
  const isSound =
    bytes.byteLength === 32 &&
    bytes.toString("base64") === encryptionKey &&
    createHash("sha256").update(bytes).digest("base64") === encryptionKeySha256;
  if (isSound) return { encryptionKey, encryptionKeySha256 };
  throw new TypeError(
    "customerProvidedKey must have encryptionKey, 32 bytes in Base64, and encryptionKeySha256, their SHA-256 in Base64",
  );
}

/** What the URL of a store says. */
export interface UrlParts {
  readonly account: string;
  readonly containerName: string;
  readonly prefix: string;
  /** The account's address; without one it is that of the public cloud. */
  readonly endpoint: string | undefined;
}

/**
 * Reads `azure://ACCOUNT/CONTAINER/PREFIX?endpoint=…`.
 *
 * @throws `TypeError` for another form, for credentials, and for parameters that are not known
 */
export function parseUrl(url: string | URL): UrlParts {
  const { host, path, parameters } = parseStoreUrl(url, "azure", ["endpoint"]);
  const [containerName = "", ...segments] = path.split("/");
  if (host === "" || containerName === "")
    throw new TypeError("the URL must have the form azure://ACCOUNT/CONTAINER/PREFIX");
  const { endpoint } = parameters;
  if (endpoint !== undefined) checkEndpoint(endpoint);
  return { account: host, containerName, prefix: segments.join("/"), endpoint };
}
