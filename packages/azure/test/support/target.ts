import { ContainerClient } from "@azure/storage-blob";
import { createContainer, startAzurite } from "servers";

/** Where the suites run: what `STATE_TEST_AZURE` names, else Azurite on loopback. */
export interface Target {
  readonly connectionString: string;
  /** Where a case has its store: empty, and its own. */
  readonly place: () => Promise<Place>;
  /** Called when the case is over. */
  readonly leave: (place: Place) => Promise<void>;
  /** Deletes what the run has made, and nothing else. */
  readonly end: () => Promise<void>;
}

export interface Place {
  readonly containerName: string;
  readonly prefix: string;
}

export async function startTarget(): Promise<Target> {
  const url = process.env["STATE_TEST_AZURE"];
  return url === undefined || url === "" ? startServer() : targetOf(url);
}

/** A container a case: each delete of Azurite's takes the longer the more blobs there are, and a container goes at once. */
async function startServer(): Promise<Target> {
  const server = await startAzurite();
  return {
    connectionString: server.connectionString,
    place: async () => {
      const containerName = crypto.randomUUID();
      await createContainer(server, containerName);
      return { containerName, prefix: "a b+c%20ü&<'>/" };
    },
    leave: async ({ containerName }) => {
      await new ContainerClient(server.connectionString, containerName).delete();
    },
    end: () => server.stop(),
  };
}

/** `azure://container/prefix`; the account is in `AZURE_STORAGE_CONNECTION_STRING`, where `az` looks for it too. */
export function parseTarget(text: string): Place {
  const url = new URL(text);
  const prefix = decodeURIComponent(url.pathname).replaceAll(/^\/+|\/+$/g, "");
  if (url.protocol !== "azure:" || url.hostname === "")
    throw new Error(`STATE_TEST_AZURE is no azure://container/prefix: ${text}`);
  if (prefix === "") {
    throw new Error(`STATE_TEST_AZURE needs a prefix, so that nothing outside of it is touched: ${text}`);
  }
  return { containerName: url.hostname, prefix };
}

async function targetOf(text: string): Promise<Target> {
  const { containerName, prefix } = parseTarget(text);
  const connectionString = process.env["AZURE_STORAGE_CONNECTION_STRING"];
  if (connectionString === undefined) throw new Error("AZURE_STORAGE_CONNECTION_STRING is not set");
  const run = `${prefix}/${crypto.randomUUID()}`;
  return {
    connectionString,
    place: async () => ({ containerName, prefix: `${run}/${crypto.randomUUID()}` }),
    leave: async () => undefined,
    end: () => deleteAll(new ContainerClient(connectionString, containerName), `${run}/`),
  };
}

async function deleteAll(container: ContainerClient, prefix: string): Promise<void> {
  const batches = container.getBlobBatchClient();
  let batch = [];
  for await (const { name } of container.listBlobsFlat({ prefix })) {
    if (!name.startsWith(prefix)) throw new Error("listed outside the prefix");
    batch.push(container.getBlobClient(name));
    if (batch.length < 256) continue;
    await batches.deleteBlobs(batch);
    batch = [];
  }
  if (batch.length > 0) await batches.deleteBlobs(batch);
}
