import { PassThroughClient } from "google-auth-library";
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
 * The client's endpoint, from which the SDK has removed a slash at the end. `baseUrl` will not do: with
 * `STORAGE_EMULATOR_HOST` it lacks the path of the API.
 */
export function endpointOf(storage: StorageClient): string {
  const endpoint: unknown = fieldOf(storage, "apiEndpoint");
  if (typeof endpoint !== "string")
    throw new TypeError("storage must be a Storage of @google-cloud/storage with an API endpoint");
  return checkEndpoint(endpoint);
}

/**
 * Follows the SDK: a custom endpoint gets no credentials, unless `useAuthWithCustomEndpoint` is set.
 *
 * @param isForced the option that the client was built with, if the store has built it: old versions of the SDK do not
 *   show it
 */
export function authClientOf(storage: StorageClient, isForced: boolean | undefined): AuthClient {
  const hasCredentials = isForced ?? storage.useAuthWithCustomEndpoint ?? false;
  if (storage.customEndpoint === true && !hasCredentials) return new PassThroughClient();
  const { authClient } = storage;
  if (typeof fieldOf(authClient, "request") !== "function")
    throw new TypeError(
      "storage has no authClient.request: it must be of @google-cloud/storage 7.14 or later",
    );
  return authClient;
}
