import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { binaryOf, minio } from "./installed.ts";
import { freePort, startProcess } from "./process.ts";
import type { Server } from "./server.ts";

/** An S3 service, and how to reach it. */
export interface S3Server extends Server {
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface MinioOptions {
  /** The folder that keeps the data through a restart. Left out, `stop` deletes the data. */
  readonly location?: string | undefined;
  /** Starts it again on this one's port and with its keys, for clients that go on. It has to be stopped. */
  readonly again?: S3Server | undefined;
  /** What `stop` ends it by. Default `SIGKILL`, which loses nothing that it has confirmed. */
  readonly endSignal?: "SIGTERM" | "SIGKILL" | undefined;
}

export async function startMinio({ location, again, endSignal }: MinioOptions = {}): Promise<S3Server> {
  const data = location ?? (await mkdtemp(join(tmpdir(), "state-minio-")));
  const { accessKeyId, secretAccessKey } = again ?? {
    accessKeyId: "state-test",
    secretAccessKey: crypto.randomUUID(),
  };
  const console = await freePort();
  const server = await startProcess({
    name: "MinIO",
    port: again === undefined ? undefined : Number(new URL(again.endpoint).port),
    endSignal,
    command: binaryOf(minio),
    args: (port) => [
      "server",
      "--quiet",
      "--address",
      `127.0.0.1:${port}`,
      "--console-address",
      `127.0.0.1:${console}`,
      data,
    ],
    env: {
      MINIO_CI_CD: "1",
      MINIO_ROOT_USER: accessKeyId,
      MINIO_ROOT_PASSWORD: secretAccessKey,
    },
    isReady: async (endpoint) => (await fetch(`${endpoint}/minio/health/ready`)).ok,
  });
  const stop = async (): Promise<void> => {
    await server.stop();
    if (location === undefined) await rm(data, { recursive: true });
  };
  return { endpoint: server.endpoint, region: "us-east-1", accessKeyId, secretAccessKey, stop };
}

/** Makes a bucket on a server of the tests' own. */
export async function createBucket(server: S3Server, bucket: string): Promise<void> {
  const { endpoint, region, accessKeyId, secretAccessKey } = server;
  const credentials = { accessKeyId, secretAccessKey };
  const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
  try {
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
  } finally {
    client.destroy();
  }
}
