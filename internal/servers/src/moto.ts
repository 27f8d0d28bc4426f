import { binaryOf, moto } from "./installed.ts";
import type { S3Server } from "./minio.ts";
import { startProcess } from "./process.ts";

/** Starts moto, an S3 that keeps everything in memory and checks no signature. */
export async function startMoto(): Promise<S3Server> {
  const server = await startProcess({
    name: "moto",
    command: binaryOf(moto),
    args: (port) => ["-H", "127.0.0.1", "-p", String(port)],
    isReady: async (endpoint) => (await fetch(`${endpoint}/moto-api/`)).ok,
  });
  return {
    ...server,
    region: "us-east-1",
    accessKeyId: "state-test",
    secretAccessKey: "state-test",
  };
}
