import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { binaryOf, memoryS3 } from "./installed.ts";
import type { S3Server } from "./minio.ts";

export interface MemoryS3 extends S3Server {
  /** By the latencies that it was started with, such as `20ms`. All have the same objects. */
  readonly endpoints: Readonly<Record<string, string>>;
  /** The certificate to trust, as PEM, if it speaks HTTPS. */
  readonly authority: string | undefined;
}

export interface MemoryS3Options {
  /** What each request of a port waits: one port for each. Default: one port without a wait. */
  readonly latencies?: readonly string[] | undefined;
  /** Whether it speaks HTTPS. */
  readonly tls?: boolean | undefined;
}

/**
 * Starts memory-s3: S3 in memory, at less cost than its clients have. It verifies no signature.
 * `endpoint` is that of the first port.
 */
export async function startMemoryS3(options: MemoryS3Options = {}): Promise<MemoryS3> {
  const { latencies = ["0ms"], tls = false } = options;
  const args = [...latencies.flatMap((latency) => ["--latency", latency]), ...(tls ? ["--tls"] : [])];
  // It ends when its input does, and so with this process.
  const child = spawn(binaryOf(memoryS3), args, { stdio: ["pipe", "pipe", "inherit"] });
  const { ports, authority } = await startedOf(child);
  const endpoints = ports.map((port) => `${tls ? "https" : "http"}://127.0.0.1:${port}`);
  return {
    endpoint: endpoints[0] ?? "",
    endpoints: Object.fromEntries(latencies.map((latency, index) => [latency, endpoints[index] ?? ""])),
    authority,
    region: "us-east-1",
    accessKeyId: "state-test",
    secretAccessKey: "not-verified",
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, "exit");
      child.stdin?.end();
      await exited;
    },
  };
}

/** What it prints once it serves. */
interface Started {
  readonly ports: readonly number[];
  readonly authority?: string;
}

async function startedOf(child: ChildProcess): Promise<Started> {
  if (child.stdout === null) throw new Error("memory-s3 has no output");
  const failed = new Promise<never>((_, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => reject(new Error(`memory-s3 ended: ${signal ?? code}`)));
  });
  failed.catch(() => undefined);
  const lines = createInterface({ input: child.stdout });
  const [line] = (await Promise.race([once(lines, "line"), failed])) as [string];
  lines.close();
  return JSON.parse(line) as Started;
}
