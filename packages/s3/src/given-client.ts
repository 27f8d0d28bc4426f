import type { S3Client } from "@aws-sdk/client-s3";
import { fieldOf } from "@state/core/adapter";

/** What the store needs of an `S3Client`: one of any copy of version 3 of the SDK is one. */
export interface S3ClientLike {
  readonly config: object;
  readonly middlewareStack: object;
  readonly send: (...args: never) => unknown;
}

export type Stack = S3Client["middlewareStack"];

/** What a client is made of, at one moment. */
export interface Snapshot {
  readonly client: S3Client;
  readonly config: object;
  readonly stack: Stack;
}

/** @throws `TypeError` for anything but a client of version 3 of the SDK */
export function snapshotOf(given: S3ClientLike): Snapshot {
  const client = clientOf(given);
  return { client, config: { ...client.config }, stack: client.middlewareStack.clone() };
}

function clientOf(given: S3ClientLike): S3Client {
  const client: unknown = given;
  if (
    !hasMethod(client, "send") ||
    !hasMethod(fieldOf(client, "middlewareStack"), "applyToStack") ||
    !hasMethod(fieldOf(fieldOf(client, "config"), "requestHandler"), "handle")
  ) {
    throw new TypeError(
      "client must be an S3Client of @aws-sdk/client-s3, version 3: from anything else no client with its retries off can be derived",
    );
  }
  return client as S3Client;
}

export function hasMethod(value: unknown, name: string): boolean {
  return typeof fieldOf(value, name) === "function";
}
