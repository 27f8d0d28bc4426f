import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { binaryOf, memoryS3 } from "./installed.ts";
import type { S3Server } from "./minio.ts";

export interface MemoryS3 extends S3Server {
  /** The same objects, where each request waits so long: by the latencies it was started with, such as `20ms`. */
  readonly endpoints: Readonly<Record<string, string>>;
  readonly pid: number;
}

/**
 * Starts memory-s3: S3 in memory, at less cost than its clients have. It verifies no signature.
 * `latencies` are those of its ports; `endpoint` is the first one's.
 */
export async function startMemoryS3(latencies: readonly string[] = ["0ms"]): Promise<MemoryS3> {
  const args = latencies.flatMap((latency) => ["--latency", latency]);
  // It ends when its input does, and so with this process.
  const child = spawn(binaryOf(memoryS3), args, { stdio: ["pipe", "pipe", "inherit"] });
  const ports = await portsOf(child);
  const endpoints = Object.fromEntries(
    latencies.map((latency, index) => [latency, `http://127.0.0.1:${ports[index]}`]),
  );
  return {
    endpoint: `http://127.0.0.1:${ports[0]}`,
    endpoints,
    pid: child.pid ?? 0,
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

async function portsOf(child: ChildProcess): Promise<readonly number[]> {
  if (child.stdout === null) throw new Error("memory-s3 has no output");
  const failed = new Promise<never>((_, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => reject(new Error(`memory-s3 ended: ${signal ?? code}`)));
  });
  failed.catch(() => undefined);
  const lines = createInterface({ input: child.stdout });
  const [line] = (await Promise.race([once(lines, "line"), failed])) as [string];
  lines.close();
  return (JSON.parse(line) as { ports: number[] }).ports;
}
