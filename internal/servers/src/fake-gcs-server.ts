import { binaryOf, fakeGcsServer } from "./installed.ts";
import { startProcess } from "./process.ts";
import type { Server } from "./server.ts";

/** Starts fake-gcs-server: Cloud Storage's JSON API, in memory. It checks no credentials. */
export function startFakeGcsServer(): Promise<Server> {
  return startProcess({
    name: "fake-gcs-server",
    command: binaryOf(fakeGcsServer),
    args: (port) => ["-backend", "memory", "-scheme", "http", "-host", "127.0.0.1", "-port", String(port)],
    isReady: async (endpoint) => (await fetch(`${endpoint}/storage/v1/b?project=test`)).ok,
  });
}

/** Makes a bucket on a server of the tests' own. */
export async function createGcsBucket(endpoint: string, bucket: string): Promise<void> {
  const response = await fetch(`${endpoint}/storage/v1/b?project=test`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name: bucket }),
  });
  if (!response.ok) throw new Error(`no bucket was made: ${response.status} ${await response.text()}`);
}
