import type { ObjectStore } from "@state/core";
import type { S3Place } from "@state/servers";

/** Where the processes meet: a fresh directory, or a fresh prefix of a bucket. */
export type Place =
  | { readonly kind: "fs"; readonly root: string }
  | { readonly kind: "s3"; readonly s3: Pick<S3Place, "bucket"> & { readonly prefix: string } & S3Access };

interface S3Access {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** A client of the place, as each process has its own. */
export async function openStore(place: Place): Promise<ObjectStore> {
  if (place.kind === "fs") {
    const { FsStore } = await import("@state/fs");
    // Nothing is flushed: the processes are to meet, and no machine goes down.
    return new FsStore({ root: place.root, fsync: false });
  }
  const { S3Store } = await import("@state/s3");
  const { bucket, prefix, endpoint, region, accessKeyId, secretAccessKey } = place.s3;
  const credentials = { accessKeyId, secretAccessKey };
  return new S3Store({
    bucket,
    prefix,
    clientConfig: { endpoint, region, credentials, forcePathStyle: true },
  });
}

/** The place on an S3 service, beneath a prefix of its own. */
export function placeOn({ server, bucket, root }: S3Place): Place {
  const { endpoint, region, accessKeyId, secretAccessKey } = server;
  const prefix = `${root}/stress-${crypto.randomUUID()}`;
  return { kind: "s3", s3: { bucket, prefix, endpoint, region, accessKeyId, secretAccessKey } };
}

/** Deletes what the processes made. */
export async function empty(place: Place): Promise<void> {
  const store = await openStore(place);
  try {
    for await (const { objects } of store.list("")) {
      const failures = await store.delete(objects.map(({ key }) => key));
      if (failures[0] !== undefined) throw failures[0].error;
    }
  } finally {
    await store.close?.();
  }
}
