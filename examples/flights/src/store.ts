import type { ObjectStore } from "@state/core";
import { FsStore } from "@state/fs";
import { UsageError } from "./usage-error.ts";
import { resolveUserPath } from "./user-path.ts";

/** The forms of `--store`, for messages. */
export const storeForms =
  "fs:DIR, s3://BUCKET/PREFIX, gs://BUCKET/PREFIX or azure://ACCOUNT/CONTAINER/PREFIX";

/** Whether a text has one of these forms. */
export function namesStore(url: string): boolean {
  return /^(fs:|(s3|gs):\/\/[^/?]+\/|azure:\/\/[^/?]+\/[^/?]+\/)[^?]/.test(url);
}

/**
 * Opens the store that a `--store` names: the one place to add another adapter. A cloud's adapter
 * is loaded only if it is named, and finds the credentials in the environment.
 */
export async function openStore(url: string): Promise<ObjectStore> {
  if (url.startsWith("fs:")) return new FsStore({ root: resolveUserPath(url.slice("fs:".length)) });
  switch (new URL(url).protocol) {
    case "s3:":
      return (await installed(import("@state/s3"))).storeFromUrl(url);
    case "gs:":
      return (await installed(import("@state/gcs"))).storeFromUrl(url);
    case "azure:":
      return (await installed(import("@state/azure"))).storeFromUrl(url);
    default:
      throw new TypeError(
        `--store ${JSON.stringify(url)} names no store that this job knows: use ${storeForms}`,
      );
  }
}

/** The adapter, or an error with the command that installs it: the demo installs no cloud's SDK. */
async function installed<T>(adapter: Promise<T>): Promise<T> {
  try {
    return await adapter;
  } catch (error) {
    if (Reflect.get(Object(error), "code") !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new UsageError(
      "--store: the demo leaves the clouds' SDKs out. With them: `npx -y pnpm@12 install`, then `npx -y pnpm@12 --filter flights start` with the same arguments",
      { cause: error },
    );
  }
}
