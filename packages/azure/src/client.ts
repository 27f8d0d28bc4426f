import {
  AnonymousCredential,
  ContainerClient,
  isPipelineLike,
  newPipeline,
  type Pipeline,
  StorageSharedKeyCredential,
} from "@azure/storage-blob";
import type { AccountContainer, AzureStoreOptions, ContainerClientLike, TokenCredential } from "./options.ts";
import { secretsOf } from "./secrets.ts";
import { TokenSource } from "./token.ts";

/**
 * One request a call: if the SDK sent a create again, it could meet the blob that its first request
 * made.
 */
const singleRequest = {
  retryOptions: { maxTries: 1 },
  // The SDK's types lack it, but its pipeline takes it. A redirect is reported: the address is to
  // be corrected.
  redirectOptions: { maxRetries: 0 },
};

/** The client of a store: it makes one request a call, by connections of its own. */
export interface StoreClient {
  readonly container: ContainerClient;
  /** The account's name, or the host where the address does not have it. */
  readonly account: string;
  readonly secrets: readonly string[];
  /** What the token credential gives, if there is one. */
  readonly tokens: TokenSource | undefined;
  /** Whether an HTTP client of the owner's sends the requests. */
  readonly hasOwnHttpClient: boolean;
}

/** What the three forms of the options come to. */
interface Parts {
  readonly url: string;
  readonly credential: object;
  readonly audience?: string | undefined;
  /** Its type lacks the audience of the clients' own options. */
  readonly options: Pipeline["options"] & { readonly audience?: string };
  readonly factories: Pipeline["factories"];
}

/**
 * Builds a client that sends each request once, from the options. Sends nothing.
 *
 * @throws `TypeError` for options that are invalid. Its message holds no secret
 */
export function clientOf(options: AzureStoreOptions): StoreClient {
  const { url, credential: given, audience, options: pipelineOptions, factories } = partsOf(options);
  const { credential, tokens, accountName, accountKey } = ownCredential(given, url, audience);
  const pipeline = newPipeline(credential, { ...pipelineOptions, ...singleRequest });
  pipeline.factories.push(...factories);
  const container = new ContainerClient(url, pipeline);
  return {
    container,
    account: accountName ?? (container.accountName || new URL(url).host),
    secrets: secretsOf(url, accountKey),
    tokens,
    hasOwnHttpClient: pipelineOptions.httpClient !== undefined,
  };
}

function partsOf(options: AzureStoreOptions): Parts {
  if ("container" in options) return partsOfClient(options.container);
  if (typeof options.containerName !== "string" || options.containerName === "") {
    throw new TypeError("containerName must be the name of a container");
  }
  if ("connectionString" in options)
    return partsOfClient(connectionStringClient(options.connectionString, options.containerName));
  return partsOfAccount(options);
}

function partsOfAccount({ accountUrl, containerName, credential, audience }: AccountContainer): Parts {
  if (audience !== undefined && (typeof audience !== "string" || audience === ""))
    throw new TypeError("audience must be a scope, such as https://ACCOUNT.blob.core.windows.net/.default");
  return {
    url: containerUrl(accountUrl, containerName),
    credential: credential ?? new AnonymousCredential(),
    audience,
    options: audience === undefined ? {} : { audience },
    factories: [],
  };
}

function partsOfClient(pattern: ContainerClientLike): Parts {
  // Every client has it, though its type does not say so.
  const pipeline: unknown = Object(pattern)["pipeline"];
  if (!isPipelineLike(pipeline) || typeof pattern.url !== "string") {
    throw new TypeError(
      "container must be a ContainerClient of @azure/storage-blob 12: no client that sends each request once can be derived " +
        "from this one; pass accountUrl or connectionString with containerName instead",
    );
  }
  const { options, factories } = pipeline;
  const audience: unknown = Reflect.get(options, "audience");
  return {
    url: pattern.url,
    credential: pattern.credential,
    audience: typeof audience === "string" ? audience : undefined,
    options,
    factories,
  };
}

interface OwnCredential {
  readonly credential: StorageSharedKeyCredential | AnonymousCredential | TokenSource;
  readonly tokens?: TokenSource;
  readonly accountName?: string;
  readonly accountKey?: string;
}

/**
 * The credential as this copy of the SDK takes it. It leaves out of its requests a key that was made by the class of another
 * copy.
 */
function ownCredential(given: object, url: string, audience: string | undefined): OwnCredential {
  if (isTokenCredential(given)) {
    if (!/^https:/i.test(url)) throw new TypeError("a token credential needs an https address");
    const tokens = new TokenSource(given, audience);
    return { credential: tokens, tokens };
  }
  const accountName: unknown = Reflect.get(given, "accountName");
  const key: unknown = Reflect.get(given, "accountKey");
  if (typeof accountName === "string" && key instanceof Uint8Array) {
    const accountKey = Buffer.from(key).toString("base64");
    return { credential: new StorageSharedKeyCredential(accountName, accountKey), accountName, accountKey };
  }
  if (given instanceof AnonymousCredential || given.constructor.name === "AnonymousCredential")
    return { credential: new AnonymousCredential() };
  throw new TypeError(
    "the container's credential is none of an account key, a token or none: it would be left out of the requests; " +
      "pass accountUrl or connectionString with containerName instead",
  );
}

function isTokenCredential(given: object): given is TokenCredential {
  return typeof Reflect.get(given, "getToken") === "function";
}

/** A client that only holds what the connection string says. */
export function connectionStringClient(connectionString: string, containerName: string): ContainerClient {
  if (typeof connectionString !== "string") throw new TypeError("connectionString must be a string");
  try {
    return new ContainerClient(connectionString, containerName);
  } catch {
    // The SDK's error is left out: it may contain parts of the string.
    throw new TypeError(
      "connectionString is not one of a storage account: DefaultEndpointsProtocol, AccountName and AccountKey, or BlobEndpoint and SharedAccessSignature",
    );
  }
}

function containerUrl(accountUrl: string, containerName: string): string {
  const [, address, query = ""] = /^(https?:\/\/[^?#]+?)\/*(\?[^#]*)?$/i.exec(accountUrl) ?? [];
  // The message does not contain the address: it may hold a signature.
  if (address === undefined || !URL.canParse(address))
    throw new TypeError("accountUrl must be the http or https address of an account");
  return `${address}/${encodeURIComponent(containerName)}${query}`;
}
