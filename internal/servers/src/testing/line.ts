import { connect, type Socket } from "node:net";
import { setTimeout } from "node:timers/promises";
import { startRawServer } from "./raw-server.ts";

/** A line to a server, which forwards bytes and knows nothing of HTTP. */
export interface Line extends AsyncDisposable {
  readonly endpoint: string;
  /** How many connections were made. */
  readonly connections: () => number;
  /** From now on the connections that are there pass nothing more, and stay open. New ones work. */
  readonly fallSilent: () => void;
}

/** A slow line passes 64 KiB at a time. */
const partBytes = 64 * 1024;

/** @param bytesPerMs how much it passes in each direction of a connection; left out, as much as comes */
export async function startLine(target: string, bytesPerMs?: number): Promise<Line> {
  const { hostname, port } = new URL(target);
  let connections = 0;
  let generation = 0;
  const ends: Socket[] = [];
  const server = await startRawServer((near) => {
    connections += 1;
    const born = generation;
    const far = connect(Number(port), hostname);
    far.on("error", () => near.destroy());
    ends.push(far);
    const isSilent = (): boolean => born < generation;
    void forward(near, far, bytesPerMs, isSilent);
    void forward(far, near, bytesPerMs, isSilent);
  });
  return {
    endpoint: `http://127.0.0.1:${server.port}`,
    connections: () => connections,
    fallSilent: () => {
      generation += 1;
    },
    [Symbol.asyncDispose]: async () => {
      for (const end of ends) end.destroy();
      await server[Symbol.asyncDispose]();
    },
  };
}

async function forward(
  from: Socket,
  to: Socket,
  bytesPerMs: number | undefined,
  isSilent: () => boolean,
): Promise<void> {
  try {
    for await (const chunk of from as AsyncIterable<Buffer>) {
      for (let at = 0; at < chunk.byteLength; at += partBytes) {
        const part = chunk.subarray(at, at + partBytes);
        if (bytesPerMs !== undefined) await setTimeout(part.byteLength / bytesPerMs);
        // To leave the loop would close the connection.
        if (isSilent()) await new Promise<never>(() => undefined);
        if (!to.write(part)) await drained(to);
      }
    }
    to.end();
  } catch (error) {
    // One of the ends has gone, and takes the other with it.
    to.destroy(error instanceof Error ? error : undefined);
  }
}

async function drained(socket: Socket): Promise<void> {
  await new Promise<void>((resolve) => {
    socket.once("drain", resolve).once("close", () => resolve());
  });
}
