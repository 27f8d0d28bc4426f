import type * as Sdk from "@google-cloud/storage";
import type { StorageOptions } from "@google-cloud/storage";
import { loadSdk, OnDemand, type Redactor, redactorOf, SdkFailure } from "@state/core/adapter";
import {
  type AuthClient,
  checkAuthClient,
  endpointOf,
  hasCredentials,
  type StorageClient,
} from "./client.ts";
import { Connections } from "./connections.ts";
import { Credentials } from "./credentials.ts";

/** What all requests of a store share. */
export interface Service {
  /** `https://storage.googleapis.com`. */
  readonly endpoint: string;
  readonly credentials: Credentials;
  readonly connections: Connections;
  /** How the last request was sent, if there was one: why by the SDK's `fetch`, or by Node's own client. */
  lastWay?: { readonly needOfFetch: string | undefined } | undefined;
}

/** The client of a store. */
export class Client {
  readonly #storage: StorageClient | undefined;
  readonly #options: StorageOptions | undefined;
  readonly #service: OnDemand<Service> = new OnDemand(() => this.#open());

  constructor(storage: StorageClient | undefined, options: StorageOptions | undefined) {
    this.#storage = storage;
    this.#options = options;
  }

  /** Loads the SDK at the first call. @throws `SdkFailure` */
  open(): Promise<Service> {
    return this.#service.get();
  }

  /** What `open` has resolved with. */
  get opened(): Service | undefined {
    return this.#service.made;
  }

  readonly redact: Redactor = (text) => (this.opened?.credentials.redact ?? plainly)(text);

  /** Ends the connections of the store's own. A later request opens one. */
  close(): void {
    this.opened?.connections.close();
  }

  async #open(): Promise<Service> {
    const storage = this.#storage ?? (await newStorage(this.#options));
    const endpoint = endpointOf(storage);
    const auth = await authClientOf(storage, this.#options?.useAuthWithCustomEndpoint);
    return { endpoint, credentials: new Credentials(auth), connections: new Connections(endpoint) };
  }
}

const plainly = redactorOf([]);

/** The SDK. @throws `SdkFailure` */
export function loadStorage(): Promise<typeof Sdk> {
  return loadSdk(() => import("@google-cloud/storage"), "@google-cloud/storage");
}

async function newStorage(options: StorageOptions | undefined): Promise<StorageClient> {
  const { Storage } = await loadStorage();
  try {
    return new Storage(options);
  } catch (cause) {
    throw new SdkFailure("the SDK refuses its options", "mend storageOptions", cause);
  }
}

/**
 * Follows the SDK: a custom endpoint gets no credentials, unless `useAuthWithCustomEndpoint` is set.
 *
 * @param isForced the option that the client was built with, if the store has built it: old versions of the SDK do not
 *   show it
 */
export async function authClientOf(
  storage: StorageClient,
  isForced: boolean | undefined,
): Promise<AuthClient> {
  if (hasCredentials(storage, isForced)) return checkAuthClient(storage);
  const { PassThroughClient } = await loadSdk(() => import("google-auth-library"), "google-auth-library");
  return new PassThroughClient();
}
