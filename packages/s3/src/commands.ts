import type {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { type Digests, digestsOf, sendsChecksums, signBy } from "./body.ts";
import type { Sdk } from "./client.ts";
import { deleteBody } from "./direct/pages.ts";
import type { Sample } from "./direct/probe.ts";
import type { RequestFields } from "./options.ts";

/** Any command of the SDK. */
export interface Command {
  readonly middlewareStack: object;
}

/** Its middleware, by the few words of the SDK's types that are used of it. */
export function stackOf({ middlewareStack }: Command): MiddlewareStack {
  return middlewareStack as MiddlewareStack;
}

export interface MiddlewareStack {
  add(
    middleware: (
      next: (args: { request: unknown }) => Promise<{ response: unknown; output?: unknown }>,
    ) => (args: { request: unknown }) => Promise<{ response: unknown; output?: unknown }>,
    options: { step: "deserialize"; priority: "low" | "high" },
  ): void;
}

/** The kinds of requests that may go without the SDK's pipeline. */
export type Kind = "create" | "get" | "list" | "delete";

/** The store's requests as commands of the SDK. `name` is the full name of an object. */
export class Commands {
  readonly #sdk: typeof Sdk;
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #fields: RequestFields;

  constructor(
    sdk: typeof Sdk,
    client: S3Client,
    { bucket, fields }: { bucket: string; fields: RequestFields },
  ) {
    this.#sdk = sdk;
    this.#client = client;
    this.#bucket = bucket;
    this.#fields = fields;
  }

  async create(name: string, body: Uint8Array, digests: Digests): Promise<PutObjectCommand> {
    const checksum = (await sendsChecksums(this.#client)) ? { ChecksumCRC32: digests.crc32 } : {};
    const command = new this.#sdk.PutObjectCommand({
      ...this.#fields.all,
      ...this.#fields.object,
      ...this.#fields.create,
      Bucket: this.#bucket,
      Key: name,
      Body: bufferOf(body),
      IfNoneMatch: "*",
      ...checksum,
    });
    signBy(command, digests);
    return command;
  }

  get(name: string): GetObjectCommand {
    const { all, object } = this.#fields;
    const input = { Bucket: this.#bucket, Key: name, ChecksumMode: "ENABLED" } as const;
    return new this.#sdk.GetObjectCommand({ ...all, ...object, ...input });
  }

  /** Sets no `EncodingType`: with one, the SDK would return the keys encoded. */
  list(query: ListQuery): ListObjectsV2Command {
    const { prefix: Prefix, delimiter: Delimiter, token: ContinuationToken } = query;
    const input = { Bucket: this.#bucket, Prefix, Delimiter, ContinuationToken };
    return new this.#sdk.ListObjectsV2Command({ ...this.#fields.all, ...input });
  }

  /** Without `Quiet`: with it, a response that lost its body would say that every key was deleted. */
  deleteMany(names: readonly string[]): DeleteObjectsCommand {
    const input = { Bucket: this.#bucket, Delete: { Objects: names.map((name) => ({ Key: name })) } };
    return new this.#sdk.DeleteObjectsCommand({ ...this.#fields.all, ...input });
  }

  delete(name: string): DeleteObjectCommand {
    return new this.#sdk.DeleteObjectCommand({ ...this.#fields.all, Bucket: this.#bucket, Key: name });
  }

  /** A request that is never sent; `seed` tells it from others of its kind. */
  async sample(kind: Kind, seed: string): Promise<Sample> {
    const name = `probe (=&'ü)/${seed}`;
    if (kind === "get") return { input: { name }, command: this.get(name) };
    if (kind === "list") {
      const query = { prefix: name, delimiter: "/", token: seed } as const;
      return { input: { query: queryOf(query) }, command: this.list(query) };
    }
    const body = kind === "create" ? bufferOf(new TextEncoder().encode(seed)) : deleteBody([name, seed]);
    const digests = await digestsOf(body, {});
    return kind === "create"
      ? { input: { name, body, digests }, command: await this.create(name, body, digests) }
      : { input: { body, digests }, command: this.deleteMany([name, seed]) };
  }
}

export interface ListQuery {
  readonly prefix: string;
  readonly delimiter: "/" | undefined;
  readonly token: string | undefined;
}

/** As it stands in the URL. */
export function queryOf({ prefix, delimiter, token }: ListQuery): Readonly<Record<string, string>> {
  return {
    prefix,
    ...(delimiter === undefined ? {} : { delimiter }),
    ...(token === undefined ? {} : { "continuation-token": token }),
  };
}

/** Over the same memory: the SDK would copy other bytes, and send a stream in chunks. */
export function bufferOf(body: Uint8Array): Buffer {
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}
