import type { Storage } from "@google-cloud/storage";
import { type AuthClient, PassThroughClient } from "google-auth-library";

export type GaxiosOptions = Parameters<AuthClient["request"]>[0];

/** Sends a request with credentials: a `GoogleAuth`, or one of its clients. */
export interface Requester {
  request(options: GaxiosOptions): Promise<{
    readonly status: number;
    /** Clients that were built on gaxios 6 have a plain object here. */
    readonly headers: Headers | Record<string, string>;
    readonly data: unknown;
  }>;
}

/**
 * The client's endpoint, from which the SDK has removed a slash at the end. `baseUrl` will not do:
 * with `STORAGE_EMULATOR_HOST` it lacks the path of the API.
 */
export function endpointOf(storage: Storage): string {
  const endpoint: unknown = storage.apiEndpoint;
  if (typeof endpoint !== "string" || !URL.canParse(endpoint)) {
    throw new TypeError("storage must be a Storage of @google-cloud/storage with an API endpoint");
  }
  const { username, password } = new URL(endpoint);
  if (username !== "" || password !== "") {
    throw new TypeError(
      "the API endpoint must hold no credentials: they would not be sent, but would be in messages",
    );
  }
  return endpoint;
}

/**
 * Follows the SDK: a custom endpoint gets no credentials, unless `useAuthWithCustomEndpoint` is
 * set.
 */
export function requesterOf(storage: Storage): Requester {
  if (storage.customEndpoint && storage.useAuthWithCustomEndpoint !== true) return new PassThroughClient();
  const { authClient } = storage;
  if (typeof authClient?.request !== "function") {
    throw new TypeError("storage has no authClient.request: it must be of @google-cloud/storage 7 or later");
  }
  return authClient;
}
