import type { Row, Side, Skip } from "./harness.ts";
import type { Machine } from "./machine.ts";
import { startNodeSide } from "./process-side.ts";
import type { ObjectCallsTask } from "./sides/object-calls.ts";

type Place = ObjectCallsTask["place"];

interface Service {
  readonly id: string;
  readonly title: string;
  readonly sides: Readonly<Record<string, ObjectCallsTask["client"]>>;
  /** A bucket or a container that is empty. */
  readonly place: (name: string) => Promise<Place | Skip>;
}

const options = { bytes: 4_096, atOnce: 8, count: 200, warmUp: 400 };

/** Single calls on emulators, which are slower than their clients: what counts is the clients' CPU. */
export function cloudRows(machine: Machine): readonly Row[] {
  const services: readonly Service[] = [
    {
      id: "gcs",
      title: "Cloud Storage (fake-gcs-server)",
      sides: { GcsStore: "store", "authClient.request": "raw", "@google-cloud/storage": "sdk" },
      place: (name) => machine.gcsBucket(name),
    },
    {
      id: "azure",
      title: "Azure (Azurite)",
      sides: { AzureStore: "store", "SharedKey + node:http": "raw", "@azure/storage-blob": "sdk" },
      place: (name) => machine.azureContainer(name),
    },
  ];
  return services.flatMap((service) => (["create", "get"] as const).map((call) => rowOf(service, call)));
}

function rowOf({ id, title, sides, place }: Service, call: "create" | "get"): Row {
  const start = async (client: ObjectCallsTask["client"]): Promise<Side | Skip> => {
    const made = await place(`${call}-${client}`);
    if ("skip" in made) return made;
    const task: ObjectCallsTask = { place: made, client, call, ...options };
    return startNodeSide("object-calls", task);
  };
  return {
    id: `${id}/${call}-4KiB`,
    title: `${title}: ${call} of 4 KiB, 8 at once`,
    notes: () => ["all send and compare the MD5, and create only if nothing is there"],
    columns: { cpuUs: "CPU us a call", us: "us a call" },
    sides: Object.entries(sides).map(([name, client]) => ({ name, start: () => start(client) })),
  };
}
