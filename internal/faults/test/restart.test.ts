import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ObjectStoreBackend } from "@state/core";
import { S3Store } from "@state/s3";
import { createBucket, isInstalled, minio, type S3Server, startMinio } from "@state/servers";
import { expect, test } from "vitest";

const bucket = "state";
const bytes = new Uint8Array(100_000).map((_, index) => index);

function storeOn({ endpoint, region, accessKeyId, secretAccessKey }: S3Server): S3Store {
  const credentials = { accessKeyId, secretAccessKey };
  return new S3Store({
    bucket,
    prefix: "restart",
    clientConfig: { endpoint, region, credentials, forcePathStyle: true },
  });
}

// Without MinIO the test is skipped by name: `pnpm servers` installs it.
test.skipIf(!isInstalled(minio))(
  "what was sealed on MinIO is restored after the server was killed, and nothing of it can be sealed again",
  { timeout: 120_000 },
  async () => {
    const location = await mkdtemp(join(tmpdir(), "state-restart-"));
    try {
      let server = await startMinio({ location });
      try {
        await createBucket(server, bucket);
        const store = storeOn(server);
        const before = await ObjectStoreBackend.open({ store, instanceId: "before", vnodeCapacity: 1 });
        const part = await before.writePartial({ epoch: 0, vnode: 0, assignmentVersion: 0, bytes });
        await before.epochComplete({ epoch: 0, parts: [part] });
        await store.close();
      } finally {
        // SIGKILL, as soon as the seal has succeeded.
        await server.stop();
      }
      server = await startMinio({ location });
      try {
        const store = storeOn(server);
        const after = await ObjectStoreBackend.open({ store, instanceId: "after", vnodeCapacity: 1 });
        const { base, nextEpoch } = await after.takeover({ version: 1 });
        // Epoch 1 was anchored beside the seal, and is void now.
        expect(nextEpoch).toBe(2);
        expect(Buffer.compare((await base?.read(0)) ?? new Uint8Array(), bytes)).toBe(0);
        expect(await store.create("epoch=0/_COMMIT", new Uint8Array([1]))).toBe("exists");
        await store.close();
      } finally {
        await server.stop();
      }
    } finally {
      await rm(location, { recursive: true });
    }
  },
);
