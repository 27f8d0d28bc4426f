import { ContainerClient } from "@azure/storage-blob";
import { createContainer, startAzurite } from "@state/servers";

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
  if (url === undefined || url === "") return startServer();
  return targetOf(url, process.env["AZURE_STORAGE_CONNECTION_STRING"]);
}

/**
 * A container a case: each delete of Azurite's takes the longer the more blobs there are, and a
 * container goes at once.
 */
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

/**
 * `azure://account/container/prefix`; the account's key is in `AZURE_STORAGE_CONNECTION_STRING`, where `az` looks
 * for it too.
 */
export function parseTarget(text: string): Place {
  const url = new URL(text);
  const [containerName = "", ...segments] = decodeURIComponent(url.pathname)
    .replaceAll(/^\/+|\/+$/g, "")
    .split("/");
  const prefix = segments.join("/");
  // What follows a `?` or `#` would be left out of the prefix without a word.
  if (
    url.protocol !== "azure:" ||
    url.hostname === "" ||
    containerName === "" ||
    url.search !== "" ||
    url.hash !== ""
  )
    throw new Error(`STATE_TEST_AZURE is no azure://account/container/prefix: ${text}`);
  if (prefix === "") {
    throw new Error(`STATE_TEST_AZURE needs a prefix, so that nothing outside of it is touched: ${text}`);
  }
  return { containerName, prefix };
}

/**
 * A folder a case, which is emptied after it: Azurite's deletes take the longer the more blobs a
 * container holds.
 */
export function targetOf(text: string, connectionString: string | undefined): Target {
  const { containerName, prefix } = parseTarget(text);
  if (connectionString === undefined) throw new Error("AZURE_STORAGE_CONNECTION_STRING is not set");
  const container = new ContainerClient(connectionString, containerName);
  const run = `${prefix}/${crypto.randomUUID()}`;
  return {
    connectionString,
    place: async () => ({ containerName, prefix: `${run}/${crypto.randomUUID()}` }),
    leave: (place) => deleteAll(container, `${place.prefix}/`),
    // What an aborted create of a case made after that had been left.
    end: () => deleteAll(container, `${run}/`),
  };
}

async function deleteAll(container: ContainerClient, prefix: string): Promise<void> {
  const found: string[] = [];
  for await (const { name } of container.listBlobsFlat({ prefix })) {
    if (!name.startsWith(prefix)) throw new Error("listed outside the prefix");
    found.push(name);
  }
  const batches = container.getBlobBatchClient();
  for (let from = 0; from < found.length; from += 256) {
    const clients = found.slice(from, from + 256).map((name) => container.getBlobClient(name));
    const { subResponsesFailedCount } = await batches.deleteBlobs(clients);
    if (subResponsesFailedCount > 0) throw new Error(`${subResponsesFailedCount} blobs stay under ${prefix}`);
  }
}
