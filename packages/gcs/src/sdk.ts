import type { StorageOptions } from "@google-cloud/storage";
import { codeOf, type Redactor, redactorOf } from "@state/core/adapter";
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
}

/** The SDK cannot be used. Nothing was sent. */
export class SdkFailure extends Error {
  /** What to do about it. */
  readonly advice: string;

  constructor(message: string, advice: string, cause: unknown) {
    super(message, { cause });
    this.name = "SdkFailure";
    this.advice = advice;
  }
}

/** The client of a store. */
export class Client {
  readonly #storage: StorageClient | undefined;
  readonly #options: StorageOptions | undefined;
  #opening: Promise<Service> | undefined;
  #opened: Service | undefined;

  constructor(storage: StorageClient | undefined, options: StorageOptions | undefined) {
    this.#storage = storage;
    this.#options = options;
  }

  /**
   * Loads the SDK at the first call, for all that wait for it. If that fails, a later call tries again.
   *
   * @throws `SdkFailure`
   */
  open(): Promise<Service> {
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  /** What `open` has resolved with. */
  get opened(): Service | undefined {
    return this.#opened;
  }

  readonly redact: Redactor = (text) => (this.#opened?.credentials.redact ?? plainly)(text);

  /** Ends the connections of the store's own. A later request opens one. */
  close(): void {
    this.#opened?.connections.close();
  }

  async #open(): Promise<Service> {
    const storage = this.#storage ?? (await newStorage(this.#options));
    const endpoint = endpointOf(storage);
    const auth = await authClientOf(storage, this.#options?.useAuthWithCustomEndpoint);
    this.#opened = { endpoint, credentials: new Credentials(auth), connections: new Connections(endpoint) };
    return this.#opened;
  }
}

const plainly = redactorOf([]);

/**
 * Loads a module of the SDK.
 *
 * @throws `SdkFailure`
 */
export async function loaded<T>(name: string, module: Promise<T>): Promise<T> {
  try {
    return await module;
  } catch (cause) {
    const isMissing = ["ERR_MODULE_NOT_FOUND", "MODULE_NOT_FOUND"].includes(codeOf(cause) ?? "");
    const why = isMissing ? "is not installed" : "cannot be loaded";
    throw new SdkFailure(`${name} ${why}`, isMissing ? `install ${name}` : "mend its installation", cause);
  }
}

async function newStorage(options: StorageOptions | undefined): Promise<StorageClient> {
  const { Storage } = await loaded("@google-cloud/storage", import("@google-cloud/storage"));
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
  const { PassThroughClient } = await loaded("google-auth-library", import("google-auth-library"));
  return new PassThroughClient();
}
