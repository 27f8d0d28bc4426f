import type * as Sdk from "@azure/storage-blob";
import type { BlobBatch, BlobServiceClient, ContainerClient } from "@azure/storage-blob";
import { loadSdk, SdkFailure } from "@state/core/adapter";
import {
  type ClientParts,
  otherForms,
  pipelineOf,
  type PipelineOptions,
  unknownCredential,
} from "./client.ts";
import { AccountKey } from "./connection-string.ts";
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

/** A response without a stream, as the SDK's errors have it. */
export interface ResponseOfService {
  readonly status: number;
  readonly headers: { get(name: string): string | undefined };
  readonly bodyAsText?: string | null;
}

/** The SDK, and the client that a store has of it. */
export interface SdkClient {
  readonly container: ContainerClient;
  /** The account that the container is in. */
  readonly service: () => BlobServiceClient;
  readonly newBatch: () => BlobBatch;
  /** The SDK's error for a response that is not the expected one. */
  readonly refusalOf: (response: ResponseOfService) => Error;
}

/**
 * Loads the SDK, and builds a client that sends each request once. Sends nothing.
 *
 * @throws `SdkFailure`
 */
export async function openClient(parts: ClientParts): Promise<SdkClient> {
  const wanted = "@azure/storage-blob, 12.25 or later";
  const sdk = await loadSdk(() => import("@azure/storage-blob"), "@azure/storage-blob", wanted);
  const { url, factories } = parts;
  const pipeline = sdk.newPipeline(credentialOf(parts, sdk), { ...optionsOf(parts, sdk), ...singleRequest });
  pipeline.factories.push(...factories);
  return {
    container: new sdk.ContainerClient(url, pipeline),
    service: () => new sdk.BlobServiceClient(accountUrlOf(url), pipeline),
    newBatch: () => new sdk.BlobBatch(),
    refusalOf: (response) => {
      const { status, bodyAsText } = response;
      const [, said] = /<Message>([^<]*)/.exec(bodyAsText ?? "") ?? [];
      const error = new sdk.RestError(said ?? (bodyAsText || `HTTP ${status}`), { statusCode: status });
      // Its own type has more fields than the adapter reads.
      return Object.defineProperty(error, "response", { value: response, enumerable: false });
    },
  };
}

/** As this copy of the SDK takes it. @throws `SdkFailure`: nothing is sent without a credential that is there */
function credentialOf(
  { credential }: ClientParts,
  sdk: typeof Sdk,
): Sdk.StorageSharedKeyCredential | Sdk.AnonymousCredential | TokenSource {
  if (credential instanceof AccountKey)
    return new sdk.StorageSharedKeyCredential(
      credential.accountName,
      credential.accountKey.toString("base64"),
    );
  if (credential instanceof TokenSource) return credential;
  const isNone =
    credential === "none" || ("given" in credential && credential.given instanceof sdk.AnonymousCredential);
  if (isNone) return new sdk.AnonymousCredential();
  throw new SdkFailure(unknownCredential, otherForms);
}

/** A container's address without the container; its SAS stays. */
function accountUrlOf(containerUrl: string): string {
  const url = new URL(containerUrl);
  url.pathname = url.pathname.replace(/\/[^/]*\/?$/, "/");
  return url.href;
}

function optionsOf(
  { options, connectionString, containerName }: ClientParts,
  sdk: typeof Sdk,
): PipelineOptions {
  if (connectionString === undefined) return options;
  try {
    // A string for the emulator may name a proxy.
    return pipelineOf(new sdk.ContainerClient(connectionString, containerName)).options;
  } catch {
    // The SDK's error is left out: it may contain parts of the string.
    throw new SdkFailure("the SDK refuses the connection string", "mend connectionString");
  }
}
