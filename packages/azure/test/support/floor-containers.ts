import { type Azurite, createContainer } from "@state/servers";
import * as floor from "storage-floor";

interface FloorContainers {
  /** A container a case: Azurite's deletes take the longer the more blobs there are. */
  readonly newContainer: () => Promise<string>;
  readonly deleteContainers: () => Promise<void>;
}

/** Containers that the oldest version of the SDK deletes. */
export function floorContainers(server: Azurite): FloorContainers {
  const made = new Set<string>();
  return {
    newContainer: async () => {
      const containerName = crypto.randomUUID();
      await createContainer(server, containerName);
      made.add(containerName);
      return containerName;
    },
    deleteContainers: async () => {
      for (const name of made) await new floor.ContainerClient(server.connectionString, name).delete();
      made.clear();
    },
  };
}
