import type { StorageOptions } from "@google-cloud/storage";
import { checkEndpoint, fieldOf } from "@state/core/adapter";

/**
 * What the store needs of a `Storage` of @google-cloud/storage, of 7.14 and later. It is described by its shape, so that a
 * client of another copy or version of the SDK is accepted.
 */
export interface StorageClient {
  /** `https://storage.googleapis.com`, without a `/` at its end. */
  readonly apiEndpoint: string;
  /** Whether `apiEndpoint` was set, by options or by the environment. */
  readonly customEndpoint?: boolean | undefined;
  readonly useAuthWithCustomEndpoint?: boolean | undefined;
  /** A `GoogleAuth`, or one of its clients: it sends a request with credentials. */
  readonly authClient: AuthClient;
}

export interface AuthClient {
  /** Takes the options of gaxios. */
  request(options: object): Promise<object>;
}

/**
 * Checks what can be checked before the SDK is loaded.
 *
 * @throws `TypeError` for a client or an endpoint that cannot be used
 */
export function checkClient(storage: StorageClient | undefined, options: StorageOptions | undefined): void {
  if (storage === undefined) {
    checkEndpoint(endpointOfOptions(options));
    return;
  }
  endpointOf(storage);
  if (hasCredentials(storage, undefined)) checkAuthClient(storage);
}

/** The endpoint that the SDK will take, by its own rules. */
export function endpointOfOptions(options: StorageOptions | undefined): string {
  const address = options?.apiEndpoint || process.env["STORAGE_EMULATOR_HOST"];
  if (address === undefined) return `https://storage.${options?.universeDomain || "googleapis.com"}`;
  return (/^\w*:\/\//.test(address) ? address : `https://${address}`).replace(/\/+$/, "");
}

/**
 * The client's endpoint, from which the SDK has removed a slash at the end. `baseUrl` will not do: with
 * `STORAGE_EMULATOR_HOST` it lacks the path of the API.
 */
export function endpointOf(storage: StorageClient): string {
  const endpoint: unknown = fieldOf(storage, "apiEndpoint");
  if (typeof endpoint !== "string")
    throw new TypeError("storage must be a Storage of @google-cloud/storage with an API endpoint");
  return checkEndpoint(endpoint);
}

export function hasCredentials(storage: StorageClient, isForced: boolean | undefined): boolean {
  return storage.customEndpoint !== true || (isForced ?? storage.useAuthWithCustomEndpoint ?? false);
}

export function checkAuthClient({ authClient }: StorageClient): AuthClient {
  if (typeof fieldOf(authClient, "request") === "function") return authClient;
  throw new TypeError("storage has no authClient.request: it must be of @google-cloud/storage 7.14 or later");
}
