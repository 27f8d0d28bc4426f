import { DeleteObjectCommand, ListObjectsV2Command, S3Client, type S3ClientConfig } from "@aws-sdk/client-s3";
import type { ObjectStore } from "@state/core";
import { S3Store } from "@state/s3";
import type { S3Place } from "@state/servers";

/** A store, and the SDK's client for what the store never sends. */
export interface S3Clients {
  readonly store: ObjectStore;
  readonly client: S3Client;
  /** A client with another configuration. */
  readonly other: (config: S3ClientConfig) => S3Client;
  readonly bucket: string;
  /** The prefix of every key. Ends in `/`. */
  readonly root: string;
  /** Deletes what is below the root, and closes the clients. */
  readonly end: () => Promise<void>;
}

export function s3Clients({ server, bucket, root }: S3Place, endpoint: string): S3Clients {
  const { region, accessKeyId, secretAccessKey } = server;
  const credentials = { accessKeyId, secretAccessKey };
  const clientConfig = { endpoint, region, credentials, forcePathStyle: true, maxAttempts: 1 };
  const store = new S3Store({ bucket, prefix: root, clientConfig });
  const client = new S3Client(clientConfig);
  return {
    store,
    client,
    other: (config) => new S3Client({ ...clientConfig, ...config }),
    bucket,
    root,
    end: async () => {
      const { Contents: left = [] } = await client.send(
        new ListObjectsV2Command({ Bucket: bucket, Prefix: root }),
      );
      for (const { Key: key } of left)
        await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
      client.destroy();
      await store.close();
    },
  };
}

type ChangeableRequest = { headers: Record<string, string>; body?: unknown };

/** A client whose requests are changed: before they are signed, or after. */
export function changing(
  { other }: S3Clients,
  when: "unsigned" | "signed",
  change: (request: ChangeableRequest) => void,
): S3Client {
  const client = other({});
  const changeFirst =
    <Args extends { readonly request: unknown }, Output>(next: (args: Args) => Output) =>
    (args: Args): Output => {
      change(args.request as ChangeableRequest);
      return next(args);
    };
  const options = { priority: "low", name: "change" } as const;
  if (when === "unsigned") client.middlewareStack.add(changeFirst, { ...options, step: "build" });
  else client.middlewareStack.add(changeFirst, { ...options, step: "deserialize" });
  return client;
}
