/** Where the curves are measured: stores that wait before each request, and the same without a wait. */
import { randomUUID } from "node:crypto";
import { createBucket, isInstalled, commandFor, memoryS3, startMemoryS3 } from "@state/servers";
import { S3Store } from "@state/s3";
import { commitKey, namespaceKey, partialKeys } from "../../../../packages/core/src/layout.ts";
import type { ObjectStore } from "../../../../packages/core/src/store.ts";
import { GeneratedStore, type Shape } from "../generated-store.ts";
import { atOnce } from "../peers/meter.ts";
import { type OnRequest, SlowStore } from "../slow-store.ts";
import { UniformStore } from "./uniform-store.ts";

/** Milliseconds. */
export const latency = 20;

export interface Place {
  readonly name: string;
  /** An empty store. */
  readonly empty: (isSlow: boolean, onRequest: OnRequest) => Promise<ObjectStore>;
  /** A store of a generated history. */
  readonly filled: (shape: Shape, isSlow: boolean, onRequest: OnRequest) => Promise<ObjectStore>;
  readonly end: () => Promise<void>;
}

export const memoryPlace: Place = {
  name: "a store in memory",
  empty: async (isSlow, onRequest) => new SlowStore(new UniformStore(), isSlow ? latency : 0, onRequest),
  filled: async (shape, isSlow, onRequest) =>
    new SlowStore(new GeneratedStore(shape, () => undefined), isSlow ? latency : 0, onRequest),
  end: async () => undefined,
};

/** @throws `Error` if memory-s3 is not installed */
export async function startS3Place(): Promise<Place> {
  if (!isInstalled(memoryS3)) throw new Error(`memory-s3 is not here: ${commandFor(memoryS3)}`);
  const [slow, fast] = [`${latency}ms`, "0ms"];
  const server = await startMemoryS3({ latencies: [fast, slow] });
  const { region, accessKeyId, secretAccessKey } = server;
  const bucket = "curves";
  await createBucket(server, bucket);
  const storeOf = (prefix: string, isSlow: boolean): S3Store => {
    const endpoint = server.endpoints[isSlow ? slow : fast];
    if (endpoint === undefined) throw new Error("memory-s3 has no such port");
    const credentials = { accessKeyId, secretAccessKey };
    const clientConfig = { endpoint, region, credentials, forcePathStyle: true };
    return new S3Store({ bucket, prefix, clientConfig });
  };
  return {
    name: "memory-s3",
    empty: async (isSlow, onRequest) => new SlowStore(storeOf(randomUUID(), isSlow), 0, onRequest),
    filled: async (shape, isSlow, onRequest) => {
      const prefix = randomUUID();
      const fill = storeOf(prefix, false);
      await writeHistory(fill, shape);
      await fill.close();
      return new SlowStore(storeOf(prefix, isSlow), 0, onRequest);
    },
    end: () => server.stop(),
  };
}

/** Writes what a `GeneratedStore` computes. The partials have other bodies than seals say: nobody reads them. */
async function writeHistory(store: ObjectStore, shape: Shape): Promise<void> {
  const generated = new GeneratedStore(shape, () => undefined);
  const copy = async (key: string): Promise<void> => {
    const body = await generated.get(key);
    if (body === undefined) throw new Error(`${key} is not generated`);
    await store.create(key, body);
  };
  await copy(namespaceKey);
  await atOnce(shape.epochs, 32, async (epoch) => {
    for (let vnode = 0; vnode < shape.written; vnode++)
      await store.create(partialKeys(epoch, vnode).first, new Uint8Array(1));
    await copy(commitKey(epoch));
  });
}
