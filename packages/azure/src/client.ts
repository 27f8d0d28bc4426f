import {
  AnonymousCredential,
  ContainerClient,
  isPipelineLike,
  newPipeline,
  StorageSharedKeyCredential,
} from "@azure/storage-blob";
import type { AzureStoreOptions } from "./options.ts";

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

/** Builds a client that sends each request once, from the options. Sends nothing. */
export function clientOf(options: AzureStoreOptions): ContainerClient {
  if ("container" in options) return deriveClient(options.container);
  if (typeof options.containerName !== "string" || options.containerName === "") {
    throw new TypeError("containerName must be the name of a container");
  }
  if ("connectionString" in options)
    return connectionStringClient(options.connectionString, options.containerName);
  return new ContainerClient(
    containerUrl(options.accountUrl, options.containerName),
    options.credential ?? new AnonymousCredential(),
    singleRequest,
  );
}

function deriveClient(pattern: ContainerClient): ContainerClient {
  // Every client has it, though its type does not say so.
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
  const options = { ...pipeline.options, ...singleRequest };
  const derived = newPipeline(credential, options);
  derived.factories.push(...pipeline.factories);
  return new ContainerClient(pattern.url, derived);
}

function connectionStringClient(connectionString: string, containerName: string): ContainerClient {
  if (typeof connectionString !== "string") throw new TypeError("connectionString must be a string");
  try {
    // A copy of the options: the SDK writes the connection string's proxy into them.
    return new ContainerClient(connectionString, containerName, { ...singleRequest });
  } catch {
    // The SDK's error is left out: it may contain parts of the string.
    throw new TypeError(
      "connectionString is not one of a storage account: DefaultEndpointsProtocol, AccountName and AccountKey, or BlobEndpoint and SharedAccessSignature",
    );
  }
}

function containerUrl(accountUrl: string, containerName: string): string {
  const [, address, query = ""] = /^(https?:\/\/[^?#]+?)\/*(\?[^#]*)?$/.exec(accountUrl) ?? [];
  // The message does not contain the address: it may hold a signature.
  if (address === undefined || !URL.canParse(address))
    throw new TypeError("accountUrl must be the http or https address of an account");
  return `${address}/${encodeURIComponent(containerName)}${query}`;
}
