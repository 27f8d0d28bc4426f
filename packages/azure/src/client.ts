import {
  AnonymousCredential,
  ContainerClient,
  isPipelineLike,
  newPipeline,
  StorageSharedKeyCredential,
} from "@azure/storage-blob";
import type { AzureStoreOptions } from "./options.ts";

/** One request a call: a create that was sent again unseen may meet its own object. */
const once = {
  retryOptions: { maxTries: 1 },
  // Not in the SDK's types, but handed on to its pipeline: a redirect is an answer for whoever set the address.
  redirectOptions: { maxRetries: 0 },
};

/** A client that sends each request once, with what the options give. Nothing is sent. */
export function clientOf(options: AzureStoreOptions): ContainerClient {
  if ("container" in options) return derive(options.container);
  if (typeof options.containerName !== "string" || options.containerName === "") {
    throw new TypeError("containerName must be the name of a container");
  }
  if ("connectionString" in options) return connect(options.connectionString, options.containerName);
  return new ContainerClient(
    containerUrl(options.accountUrl, options.containerName),
    options.credential ?? new AnonymousCredential(),
    once,
  );
}

function derive(pattern: ContainerClient): ContainerClient {
  // Kept by every client, and not in its type.
  const pipeline: unknown = Object(pattern)["pipeline"];
  if (!isPipelineLike(pipeline) || typeof pattern.url !== "string") {
    throw new TypeError(
      "container must be a ContainerClient of @azure/storage-blob 12: no client that sends each request once can be derived " +
        "from this one; pass accountUrl or connectionString with containerName instead",
    );
  }
  const { credential } = pattern;
  const isKnown =
    credential instanceof StorageSharedKeyCredential ||
    credential instanceof AnonymousCredential ||
    typeof Reflect.get(credential, "getToken") === "function";
  if (!isKnown) {
    throw new TypeError(
      "the container's credential was made by another copy of @azure/storage-blob, which this copy would leave out of its " +
        "requests; install one version, or pass accountUrl or connectionString with containerName instead",
    );
  }
  const options = { ...pipeline.options, ...once };
  const derived = newPipeline(credential, options);
  derived.factories.push(...pipeline.factories);
  return new ContainerClient(pattern.url, derived);
}

function connect(connectionString: string, containerName: string): ContainerClient {
  if (typeof connectionString !== "string") throw new TypeError("connectionString must be a string");
  try {
    // The SDK writes the string's proxy into the options it is given.
    return new ContainerClient(connectionString, containerName, { ...once });
  } catch {
    // What the SDK says may hold parts of the string.
    throw new TypeError(
      "connectionString is not one of a storage account: DefaultEndpointsProtocol, AccountName and AccountKey, or BlobEndpoint and SharedAccessSignature",
    );
  }
}

function containerUrl(accountUrl: string, containerName: string): string {
  const [, address, query = ""] = /^(https?:\/\/[^?#]+?)\/*(\?[^#]*)?$/.exec(accountUrl) ?? [];
  // Not shown: it may hold a signature.
  if (address === undefined || !URL.canParse(address))
    throw new TypeError("accountUrl must be the http or https address of an account");
  return `${address}/${encodeURIComponent(containerName)}${query}`;
}
