import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** A proxy whose connections can fall silent, as behind a router that has forgotten them. New ones work. */
export interface FreezingProxy extends AsyncDisposable {
  readonly endpoint: string;
  /** How many connections were made. */
  readonly connections: number;
  /** How many bytes nobody got. */
  readonly swallowed: number;
  /** From now on swallows what comes by the connections that are there, and closes none. */
  freeze(): void;
}

export async function startFreezingProxy(target: string): Promise<FreezingProxy> {
  let swallowed = 0;
  const pairs: { readonly near: Socket; readonly far: Socket }[] = [];
  const server = createServer((near) => {
    const far = connect(Number(new URL(target).port), "127.0.0.1");
    pairs.push({ near, far });
    near.pipe(far).pipe(near);
    for (const socket of [near, far]) socket.on("error", () => socket.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("a TCP server without a port");
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    get connections() {
      return pairs.length;
    },
    get swallowed() {
      return swallowed;
    },
    freeze: () => {
      for (const { near, far } of pairs) {
        near.unpipe(far);
        far.unpipe(near);
        for (const socket of [near, far]) {
          socket.on("data", (bytes) => {
            swallowed += bytes.length;
          });
          socket.resume();
        }
      }
    },
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, "close");
      server.close();
      for (const { near, far } of pairs) for (const socket of [near, far]) socket.destroy();
      await closed;
    },
  };
}
