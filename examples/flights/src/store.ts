import type { ObjectStore } from "@state/core";
import { FsStore } from "@state/fs";
import { UsageError } from "./usage-error.ts";
import { resolveUserPath } from "./user-path.ts";

/** The forms of `--store`, for messages. */
export const storeForms = "fs:DIR, s3://BUCKET/PREFIX, gs://BUCKET/PREFIX or azure://CONTAINER/PREFIX";

/** Whether a text has one of these forms. */
export function namesStore(url: string): boolean {
  return /^(fs:|(s3|gs|azure):\/\/[^/?]+\/)[^?]/.test(url);
}

/**
 * Opens the store that a `--store` names: the one place to add another adapter. A cloud's adapter
 * is loaded only if it is named. Its SDK finds the credentials in the environment.
 */
export async function openStore(url: string): Promise<ObjectStore> {
  if (url.startsWith("fs:")) return new FsStore({ root: resolveUserPath(url.slice("fs:".length)) });
  const { protocol, hostname, pathname, searchParams } = new URL(url);
  const prefix = decodeURIComponent(pathname.slice(1));
  const endpoint = searchParams.get("endpoint") ?? undefined;
  switch (protocol) {
    case "s3:": {
      const { S3Store } = await installed(import("@state/s3"));
      const region = searchParams.get("region") ?? undefined;
      const compatible = endpoint === undefined ? {} : { endpoint, forcePathStyle: true };
      return new S3Store({
        bucket: hostname,
        prefix,
        clientConfig: { ...compatible, ...(region && { region }) },
      });
    }
    case "gs:": {
      const { GcsStore } = await installed(import("@state/gcs"));
      const storageOptions = endpoint === undefined ? {} : { apiEndpoint: endpoint };
      return new GcsStore({ bucket: hostname, prefix, storageOptions });
    }
    case "azure:": {
      const { AzureStore } = await installed(import("@state/azure"));
      const connectionString = process.env["AZURE_STORAGE_CONNECTION_STRING"];
      if (connectionString === undefined)
        throw new UsageError("--store azure://: AZURE_STORAGE_CONNECTION_STRING is not set");
      return new AzureStore({ connectionString, containerName: hostname, prefix });
    }
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
