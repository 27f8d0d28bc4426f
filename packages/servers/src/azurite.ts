import { createRequire } from "node:module";
import { ContainerClient } from "@azure/storage-blob";
import { startProcess } from "./process.ts";
import type { Server } from "./server.ts";

/** Azurite's account, which is the same everywhere and no secret. */
const account = "devstoreaccount1";
const accountKey = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

export interface AzureServer extends Server {
  readonly accountUrl: string;
  readonly account: string;
  readonly accountKey: string;
  readonly connectionString: string;
}

/** Azurite's blob service, from npm, in memory. */
export async function startAzurite(): Promise<AzureServer> {
  const server = await startProcess({
    name: "Azurite",
    command: process.execPath,
    args: (port) => [
      createRequire(import.meta.url).resolve("azurite/dist/src/blob/main.js"),
      "--inMemoryPersistence",
      "--disableTelemetry",
      "--skipApiVersionCheck",
      "--silent",
      "--blobHost",
      "127.0.0.1",
      "--blobPort",
      String(port),
    ],
    // Whatever it answers, it answers.
    isReady: async (endpoint) => (await fetch(`${endpoint}/`)).status > 0,
  });
  return { ...server, account, accountKey, ...addressOf(server.endpoint) };
}

/** How to reach the account at an endpoint: the server's own, or a proxy's in front of it. */
export function addressOf(endpoint: string): {
  readonly accountUrl: string;
  readonly connectionString: string;
} {
  const accountUrl = `${endpoint}/${account}`;
  const connectionString = `DefaultEndpointsProtocol=http;AccountName=${account};AccountKey=${accountKey};BlobEndpoint=${accountUrl};`;
  return { accountUrl, connectionString };
}

/** Makes a container on a server of the tests' own. */
export async function createContainer(server: AzureServer, name: string): Promise<void> {
  await new ContainerClient(server.connectionString, name).create();
}
