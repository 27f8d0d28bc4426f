import { readFileSync } from "node:fs";
import type { S3Client } from "@aws-sdk/client-s3";

/** What S3 says of credentials that were good once: another token, or another key, may be good. */
const refusals: ReadonlySet<string> = new Set([
  "ExpiredToken",
  "ExpiredTokenException",
  "InvalidAccessKeyId",
  "InvalidToken",
  "TokenRefreshRequired",
]);

/** What tells two credentials apart. */
export function identityOf(accessKeyId: string, sessionToken: string): string {
  return `${accessKeyId} ${sessionToken}`;
}

/** Credentials that the service has refused are not sent again, if their source has others. */
export class Renewal {
  readonly #client: S3Client;
  #renewing: Promise<string> | undefined;

  constructor(client: S3Client) {
    this.#client = client;
  }

  /**
   * Whether there are other credentials now than those that were refused: the next attempt has them. Asks their source for
   * new ones if there are not, once for all that ask at the same time.
   *
   * @throws whatever the source rejects with
   */
  async hasOthers(code: string | undefined, refused: string | undefined): Promise<boolean> {
    if (!refusals.has(code ?? "") || refused === undefined) return false;
    if ((await this.#current()) !== refused) return true;
    this.#renewing ??= this.#current({ forceRefresh: true }).finally(() => {
      this.#renewing = undefined;
    });
    return (await this.#renewing) !== refused;
  }

  async #current(options?: { readonly forceRefresh: boolean }): Promise<string> {
    const provider = this.#client.config.credentials as (
      options?: object,
    ) => Promise<{ readonly accessKeyId: string; readonly sessionToken?: string }>;
    const { accessKeyId, sessionToken = "" } = await provider(options);
    return identityOf(accessKeyId, sessionToken);
  }
}

/**
 * Whether the SDK's own chain has a source of credentials on this machine that may answer later. If all its sources failed,
 * its error does not say whether one of them is there.
 */
export function hasRemoteSource(environment: Readonly<Record<string, string | undefined>>): boolean {
  const isSet = (name: string): boolean => (environment[name] ?? "") !== "";
  return (
    [
      "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
      "AWS_CONTAINER_CREDENTIALS_FULL_URI",
      "AWS_WEB_IDENTITY_TOKEN_FILE",
      "AWS_PROFILE",
    ].some(isSet) ||
    (environment["AWS_EC2_METADATA_DISABLED"]?.toLowerCase() !== "true" && isEc2())
  );
}

/** What the firmware says of this machine. Each EC2 instance has a metadata service, which may come late. */
function isEc2(): boolean {
  try {
    return /amazon/i.test(readFileSync("/sys/class/dmi/id/sys_vendor", "latin1"));
  } catch (error) {
    // There is no such file on other systems, nor in some containers.
    if (error instanceof Error) return false;
    throw error;
  }
}
