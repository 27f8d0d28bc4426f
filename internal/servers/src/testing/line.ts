import { connect, type Socket } from "node:net";
import { setTimeout } from "node:timers/promises";
import { startRawServer } from "./raw-server.ts";

/** A line to a server, which forwards bytes and knows nothing of HTTP. */
export interface Line extends AsyncDisposable {
  readonly endpoint: string;
  /** Passes nothing until it is released. */
  readonly hold: () => void;
  readonly release: () => void;
  /** Resolves once so many connections were made. */
  readonly connected: (count: number) => Promise<void>;
  /** From now on the connections that are there pass nothing more, and stay open. New ones work. */
  readonly fallSilent: () => void;
  /** The same, as soon as they have passed so many bytes more. */
  readonly fallSilentAfter: (bytes: number) => void;
}

/** A slow line passes 64 KiB at a time. */
const partBytes = 64 * 1024;

/** @param bytesPerMs how much it passes in each direction of a connection; left out, as much as comes */
export async function startLine(target: string, bytesPerMs?: number): Promise<Line> {
  const { hostname, port } = new URL(target);
  let connections = 0;
  let generation = 0;
  let left = Number.POSITIVE_INFINITY;
  let held = Promise.withResolvers<void>();
  held.resolve();
  const watching: (() => void)[] = [];
  const ends: Socket[] = [];
  const server = await startRawServer((near) => {
    connections += 1;
    for (const look of watching) look();
    const born = generation;
    const far = connect(Number(port), hostname);
    far.on("error", () => near.destroy());
    ends.push(far);
    const isSilent = (): boolean => born < generation;
    const pass = async (bytes: number): Promise<void> => {
      await held.promise;
      left -= bytes;
      if (left > 0) return;
      generation += 1;
      left = Number.POSITIVE_INFINITY;
    };
    const passage = { bytesPerMs, isSilent, pass };
    void forward(near, far, passage);
    void forward(far, near, passage);
  });
  return {
    endpoint: `http://127.0.0.1:${server.port}`,
    hold: () => {
      held = Promise.withResolvers<void>();
    },
    release: () => held.resolve(),
    connected: (count) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (connections >= count) resolve();
        };
        watching.push(look);
        look();
      }),
    fallSilent: () => {
      generation += 1;
    },
    fallSilentAfter: (bytes) => {
      left = bytes;
    },
    [Symbol.asyncDispose]: async () => {
      for (const end of ends) end.destroy();
      await server[Symbol.asyncDispose]();
    },
  };
}

interface Passage {
  readonly bytesPerMs: number | undefined;
  readonly isSilent: () => boolean;
  readonly pass: (bytes: number) => Promise<void>;
}

async function forward(from: Socket, to: Socket, { bytesPerMs, isSilent, pass }: Passage): Promise<void> {
  try {
    for await (const chunk of from as AsyncIterable<Buffer>) {
      for (let at = 0; at < chunk.byteLength; at += partBytes) {
        const part = chunk.subarray(at, at + partBytes);
        await pass(part.byteLength);
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
