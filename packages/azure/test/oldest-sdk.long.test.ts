import type { ObjectStore } from "@state/core";
import { storeConformance } from "@state/core/conformance";
import { startAzurite } from "@state/servers";
import { serialRunner } from "@state/servers/testing";
import * as floor from "storage-floor";
import { afterAll, afterEach } from "vitest";
import { AzureStore } from "../src/index.ts";
import { floorContainers } from "./support/floor-containers.ts";

const server = await startAzurite();
afterAll(() => server.stop());

const { newContainer, deleteContainers } = floorContainers(server);
afterEach(deleteContainers, 300_000);

const containers = new WeakMap<ObjectStore, string>();

/** A store with a client of the oldest version. */
function at(containerName: string): ObjectStore {
  const container = new floor.ContainerClient(server.connectionString, containerName);
  const store = new AzureStore({ container, prefix: "p", directRequests: false });
  containers.set(store, containerName);
  return store;
}

storeConformance(serialRunner, {
  name: "AzureStore through a client of the oldest version of the SDK",
  open: async (): Promise<ObjectStore> => at(await newContainer()),
  reopen: async (store: ObjectStore): Promise<ObjectStore> => at(containers.get(store) ?? "none"),
});
