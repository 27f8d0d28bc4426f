import { DeleteObjectCommand, ListObjectsV2Command, S3Client, type S3ClientConfig } from "@aws-sdk/client-s3";
import type { ObjectStore } from "@state/core";
import { S3Store } from "@state/s3";
import type { S3Place } from "@state/servers";

/** A store, and the SDK that it is built on, for what no store says. */
export interface S3Speaker {
  readonly store: ObjectStore;
  readonly client: S3Client;
  /** A client that is set up otherwise. */
  readonly other: (config: S3ClientConfig) => S3Client;
  readonly bucket: string;
  /** Everything is below it. Ends in `/`. */
  readonly root: string;
  /** Takes away what is below the root. */
  readonly end: () => Promise<void>;
}

export function s3Speaker({ server, bucket, root }: S3Place, endpoint: string): S3Speaker {
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

/** What a change may change. */
type ChangeableRequest = { headers: Record<string, string>; body?: unknown };

/** A client whose requests are changed: before they are signed, or when they are. */
export function changing(
  { other }: S3Speaker,
  when: "unsigned" | "signed",
  change: (request: ChangeableRequest) => void,
  config: S3ClientConfig = {},
): S3Client {
  const client = other(config);
  if (when === "unsigned") {
    client.middlewareStack.add(
      (next) => (args) => {
        change(args.request as ChangeableRequest);
        return next(args);
      },
      { step: "build", priority: "low", name: "change" },
    );
  } else {
    client.middlewareStack.add(
      (next) => (args) => {
        change(args.request as ChangeableRequest);
        return next(args);
      },
      { step: "deserialize", priority: "low", name: "change" },
    );
  }
  return client;
}
