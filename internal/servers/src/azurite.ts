import { createRequire } from "node:module";
import { join } from "node:path";
import { ContainerClient } from "@azure/storage-blob";
import { startProcess } from "./process.ts";
import type { Server } from "./server.ts";

/** The account that every Azurite has; its key is public. */
const accountName = "devstoreaccount1";
const accountKey = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

export interface Azurite extends Server {
  /** `http://127.0.0.1:PORT/ACCOUNT` */
  readonly accountUrl: string;
  readonly accountName: string;
  readonly accountKey: string;
  readonly connectionString: string;
}

export interface AzuriteOptions {
  /** The folder that keeps the data through a restart. Left out, it is kept in memory. */
  readonly location?: string | undefined;
}

/** Azurite's blob service, from npm. */
export async function startAzurite({ location }: AzuriteOptions = {}): Promise<Azurite> {
  const persistence = location === undefined ? ["--inMemoryPersistence"] : ["--location", location];
  const server = await startProcess({
    name: "Azurite",
    command: process.execPath,
    args: (port) => [
      "--require",
      join(import.meta.dirname, "before-azurite.cjs"),
      createRequire(import.meta.url).resolve("azurite/dist/src/blob/main.js"),
      ...persistence,
      "--disableTelemetry",
      // The SDK speaks a newer version of the protocol.
      "--skipApiVersionCheck",
      "--silent",
      "--blobHost",
      "127.0.0.1",
      "--blobPort",
      String(port),
    ],
    // Azurite writes its data to the folder when it ends.
    ...(location === undefined ? {} : { endSignal: "SIGTERM" as const }),
    // Any status will do: a request without credentials is refused.
    isReady: async (endpoint) => (await fetch(`${endpoint}/`)).status > 0,
  });
  return { ...server, accountName, accountKey, ...addressOf(server.endpoint) };
}

/** How to reach the account at an endpoint: the server's own, or a proxy's in front of it. */
export function addressOf(endpoint: string): Pick<Azurite, "accountUrl" | "connectionString"> {
  const accountUrl = `${endpoint}/${accountName}`;
  const connectionString = `DefaultEndpointsProtocol=http;AccountName=${accountName};AccountKey=${accountKey};BlobEndpoint=${accountUrl};`;
  return { accountUrl, connectionString };
}

/** Makes a container on a server of the tests' own. */
export async function createContainer(server: Azurite, name: string): Promise<void> {
  await new ContainerClient(server.connectionString, name).create();
}
