import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { binaryOf, seaweedFs } from "./installed.ts";
import type { S3Server } from "./minio.ts";
import { freePort, startProcess } from "./process.ts";

const parts = ["master", "volume", "filer"] as const;

/** Starts SeaweedFS: a master, a volume server, a filer and its S3 gateway in one process. */
export async function startSeaweedFs(): Promise<S3Server> {
  const data = await mkdtemp(join(tmpdir(), "state-seaweedfs-"));
  const [accessKeyId, secretAccessKey] = ["state-test", crypto.randomUUID()];
  const credentials = [{ accessKey: accessKeyId, secretKey: secretAccessKey }];
  const config = join(data, "s3.json");
  await writeFile(
    config,
    JSON.stringify({ identities: [{ name: "test", credentials, actions: ["Admin"] }] }),
  );
  const ports = await Promise.all(
    parts.flatMap((part) => [`${part}.port`, `${part}.port.grpc`]).map(async (of) => [of, await freePort()]),
  );
  const s3Grpc = await freePort();
  const server = await startProcess({
    name: "SeaweedFS",
    command: binaryOf(seaweedFs),
    args: (port) => [
      "server",
      "-s3",
      `-dir=${data}`,
      "-ip=127.0.0.1",
      "-ip.bind=127.0.0.1",
      "-volume.max=0",
      "-master.volumeSizeLimitMB=256",
      "-master.telemetry=false",
      ...ports.map(([of, own]) => `-${of}=${own}`),
      `-s3.port=${port}`,
      `-s3.port.grpc=${s3Grpc}`,
      "-s3.port.iceberg=0",
      `-filer.localSocket=${join(data, "filer.sock")}`,
      `-s3.localSocket=${join(data, "s3.sock")}`,
      `-s3.config=${config}`,
    ],
    // Without credentials it refuses, once it knows who may do what.
    isReady: async (endpoint) => (await fetch(`${endpoint}/`)).status === 403,
  });
  return {
    endpoint: server.endpoint,
    region: "us-east-1",
    accessKeyId,
    secretAccessKey,
    async stop() {
      await server.stop();
      await rm(data, { recursive: true });
    },
  };
}
