import {
  AnonymousCredential,
  ContainerClient,
  newPipeline,
  Pipeline,
  type StoragePipelineOptions,
  StorageSharedKeyCredential,
} from "@azure/storage-blob";
import type { TokenCredential } from "@azure/core-auth";

/** Where the container is, and who asks. */
export type AzureStoreOptions = (
  | {
      /** A client that stays yours. The store derives one from it that makes one request a call. */
      readonly container: ContainerClient;
    }
  | {
      /** `https://ACCOUNT.blob.core.windows.net`, with a SAS in it if there is no credential. */
      readonly accountUrl: string;
      readonly containerName: string;
      readonly credential?: TokenCredential | StorageSharedKeyCredential | undefined;
    }
  | {
      readonly connectionString: string;
      readonly containerName: string;
    }
) & {
  /**
   * Where in the container the store's keys begin; joined to them by one `/`, whatever it ends in. At most 120 bytes of
   * UTF-8. Two stores with different prefixes never see each other.
   */
  readonly prefix?: string | undefined;
};

export interface Settings {
  readonly container: ContainerClient;
  /** `""`, or ending in `/`. */
  readonly prefix: string;
  readonly name: string;
}

const maxPrefixBytes = 120;
/** The retry loop is the backend's, one for all stores; and a redirect is for whoever set the address. */
const oneTry: StoragePipelineOptions & { readonly redirectOptions: { readonly maxRetries: number } } = {
  retryOptions: { maxTries: 1 },
  // Not in the client's types, but handed on to its pipeline.
  redirectOptions: { maxRetries: 0 },
};
// oxlint-disable-next-line no-control-regex
const controlCharacter = /[\u0000-\u001f\u007f]/;

export function settingsOf(options: AzureStoreOptions): Settings {
  const container = containerOf(options);
  const prefix = prefixOf(options.prefix ?? "");
  const name = `azure://${container.accountName}/${container.containerName}/${prefix.slice(0, -1)}`;
  return { container, prefix, name };
}

function containerOf(options: AzureStoreOptions): ContainerClient {
  if ("container" in options) return derive(options.container);
  const { containerName } = options;
  if (typeof containerName !== "string" || containerName === "") {
    throw new TypeError(
      `containerName must be the name of a container, not ${JSON.stringify(containerName)}`,
    );
  }
  if ("connectionString" in options) {
    return connect(options.connectionString, containerName);
  }
  // Not shown when it is wrong: it may hold a signature.
  if (!URL.canParse(options.accountUrl)) throw new TypeError("accountUrl must be the address of an account");
  // A SAS stays in the query, behind the container's name.
  const url = new URL(options.accountUrl);
  url.pathname = `${url.pathname.replace(/\/+$/, "")}/${encodeURIComponent(containerName)}`;
  return new ContainerClient(url.href, options.credential ?? new AnonymousCredential(), oneTry);
}

function connect(connectionString: string, containerName: string): ContainerClient {
  try {
    return new ContainerClient(connectionString, containerName, { ...oneTry });
  } catch {
    // What the client says may hold parts of the string.
    throw new TypeError(
      "connectionString is not that of a storage account, with AccountName and AccountKey or BlobEndpoint and SharedAccessSignature",
    );
  }
}

/** The same account, credential, transport and policies, and one request a call. */
function derive(container: ContainerClient): ContainerClient {
  const pipeline: unknown = Reflect.get(Object(container), "pipeline");
  const { factories, options } = Object(pipeline) as Partial<Pipeline>;
  if (!Array.isArray(factories) || options === undefined || typeof container.url !== "string") {
    throw new TypeError(
      "container is no ContainerClient that another can be derived from, and as it is it may send a request twice: pass accountUrl and credential instead",
    );
  }
  if (!isKnown(container.credential)) {
    throw new TypeError(
      "the container's credential is of another copy of @azure/storage-blob, and would sign nothing here: install one version, or pass accountUrl or connectionString instead",
    );
  }
  const settings = { ...options, ...oneTry };
  const derived =
    factories.length > 0 ? new Pipeline(factories, settings) : newPipeline(container.credential, settings);
  return new ContainerClient(container.url, derived);
}

function isKnown(credential: unknown): boolean {
  return (
    credential instanceof StorageSharedKeyCredential ||
    credential instanceof AnonymousCredential ||
    typeof Reflect.get(Object(credential), "getToken") === "function"
  );
}

function prefixOf(prefix: string): string {
  const fault = faultOf(prefix);
  if (fault !== undefined)
    throw new TypeError(`the prefix ${JSON.stringify(prefix)} cannot be used: ${fault}`);
  const path = prefix.replace(/\/+$/, "");
  return path === "" ? "" : `${path}/`;
}

function faultOf(prefix: string): string | undefined {
  if (typeof prefix !== "string") return `it is of type ${typeof prefix}`;
  if (!prefix.isWellFormed()) return "it is not well-formed Unicode";
  if (controlCharacter.test(prefix)) return "it has a control character, which XML cannot carry";
  const path = prefix.replace(/\/+$/, "");
  const bytes = new TextEncoder().encode(path).length;
  if (bytes > maxPrefixBytes) return `it is ${bytes} bytes long, ${maxPrefixBytes} is the most`;
  if (path === "") return prefix === "" ? undefined : "it has nothing but slashes";
  // The client, and the service, make another path of these.
  if (path.includes("\\")) return "it has a backslash, which the service takes for a slash";
  if (path.split("/").some((segment) => segment === "" || segment.endsWith("."))) {
    return "it has a segment that is empty or ends in a dot";
  }
  return undefined;
}
