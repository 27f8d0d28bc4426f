import { isStoreError, type StoreError } from "@state/core";
import { type StoreCall, storeError } from "@state/core/adapter";
import { readRefusal } from "./errors.ts";
import type { Requester } from "./request.ts";

const advice =
  "its listings are in another order than the names, and emptied directories stay, so checkpoints are not safe on it: " +
  "use an account without a hierarchical namespace";

/** Statuses by which the service does not refuse the question, but the credential, or nothing for now. */
const passingStatuses: ReadonlySet<number> = new Set([401, 408, 429]);

/** Whether the account has a hierarchical namespace. It is asked for once a store, before the first create. */
export class Namespace {
  readonly #requester: Requester;
  #isHierarchical: Promise<boolean> | undefined;

  constructor(requester: Requester) {
    this.#requester = requester;
  }

  /**
   * @throws `StoreError`: `Unsupported` for an account that has one; the code of the request if it is not known yet. Nothing
   *   was created
   */
  async check(call: StoreCall): Promise<void> {
    let isHierarchical: boolean;
    try {
      isHierarchical = await this.#read();
    } catch (error) {
      if (!isStoreError(error)) throw error;
      const { code, retryAfterMs } = error;
      const [, reason = ""] = / failed: (.*)$/s.exec(error.message) ?? [];
      const why = `the account could not be asked for its kind: ${reason}`;
      throw storeError(call, { code }, why, { cause: error.cause, retryAfterMs });
    }
    if (isHierarchical)
      throw storeError(call, { code: "Unsupported", advice }, "the account has a hierarchical namespace");
  }

  /** One request for all callers that wait. It is nobody's own, so no caller's abort ends it. */
  #read(): Promise<boolean> {
    this.#isHierarchical ??= this.#ask().catch((error: unknown) => {
      this.#isHierarchical = undefined;
      throw error;
    });
    return this.#isHierarchical;
  }

  async #ask(): Promise<boolean> {
    return this.#requester.run("create", "", undefined, async ({ signal }, _, { container }) => {
      try {
        const { isHierarchicalNamespaceEnabled } = await container.getAccountInfo({
          abortSignal: signal,
        });
        return isHierarchicalNamespaceEnabled === true;
      } catch (error) {
        // Some credentials may not ask, and some services cannot tell: then it is not known, and directories are looked for
        // in what is read.
        const { status = 0 } = readRefusal(error) ?? {};
        const isFinal = (status >= 400 && status < 500 && !passingStatuses.has(status)) || status === 501;
        if (isFinal) return false;
        throw error;
      }
    });
  }
}

/**
 * Whether a blob is a directory of a hierarchical namespace, which is listed and read as an empty
 * blob.
 */
export function isDirectory(metadata: Readonly<Record<string, string>> = {}): boolean {
  return Object.entries(metadata).some(
    ([name, value]) => name.toLowerCase() === "hdi_isfolder" && value.toLowerCase() === "true",
  );
}

/** The error for a directory that was read or listed. */
export function refuseDirectory(call: StoreCall, name: string): StoreError {
  const why = `${JSON.stringify(name)} is a directory of a hierarchical namespace`;
  return storeError(call, { code: "Unsupported", advice }, why);
}
