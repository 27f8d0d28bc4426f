import { ListBucketsCommand, S3, S3Client } from "@aws-sdk/client-s3";
import { startS3Double } from "@state/servers";
import { key, operationNames, operations, storeErrorOf } from "@state/servers/testing";
import { describe, expect, test } from "vitest";
import { S3Store } from "../src/index.ts";
import { errorResponse, scriptedServer } from "./support/scripted-server.ts";
import { configOf } from "./support/target.ts";

describe("a client that was passed in", () => {
  test("keeps its own retries, its middleware and its connections", async () => {
    await using server = await scriptedServer(errorResponse(503, "SlowDown", { "retry-after": "0" }));
    const client = new S3Client({ ...server.config(), maxAttempts: 2 });
    const before = client.middlewareStack.identify();
    await storeErrorOf(operations.get(server.store({ client })));
    expect(server.requests).toHaveLength(1);
    expect(client.middlewareStack.identify()).toEqual(before);
    await expect(client.send(new ListBucketsCommand())).rejects.toThrow("what SlowDown says");
    expect(server.requests).toHaveLength(3);
    client.destroy();
  });

  test("gives the store what its owner added to it: encryption, payer, headers", async () => {
    const double = await startS3Double();
    const client = new S3Client(configOf(double));
    client.middlewareStack.add(
      (next, context) => (args) => {
        Object.assign(args.input, { RequestPayer: "requester" });
        if (context.commandName === "PutObjectCommand") {
          Object.assign(args.input, { ServerSideEncryption: "aws:kms", SSEKMSKeyId: "my-key" });
        }
        return next(args);
      },
      { step: "initialize" },
    );
    client.middlewareStack.add(
      (next) => (args) => {
        const headers: unknown = Reflect.get(Object(args.request), "headers");
        Object.assign(Object(headers), { "x-tigris-consistent": "true" });
        return next(args);
      },
      { step: "build", name: "consistent" },
    );
    client.middlewareStack.addRelativeTo(((next: unknown) => next) as never, {
      relation: "after",
      toMiddleware: "consistent",
      name: "tracing",
    });
    const store = new S3Store({ bucket: "bucket", client });
    for (const name of operationNames) await operations[name](store);
    for (const { headers } of double.requests) {
      expect(headers).toMatchObject({ "x-tigris-consistent": "true", "x-amz-request-payer": "requester" });
    }
    expect(double.requests[0]?.headers).toMatchObject({
      "x-amz-server-side-encryption": "aws:kms",
      "x-amz-server-side-encryption-aws-kms-key-id": "my-key",
    });
    expect(double.requests).toHaveLength(operationNames.length);
    client.destroy();
    await double.stop();
  });

  test("may be the aggregated client, or one that was derived before", async () => {
    const double = await startS3Double();
    const store = new S3Store({ bucket: "bucket", client: new S3(configOf(double)) });
    await expect(store.create(key, new Uint8Array())).resolves.toBe("created");
    const { config } = new S3Client(configOf(double));
    const again = new S3Client(config as never);
    await expect(
      new S3Store({ bucket: "bucket", client: again }).create(key, new Uint8Array()),
    ).resolves.toBe("exists");
    await double.stop();
  });

  test.each([
    ["nothing of a client", {}],
    ["a function", () => undefined],
    ["version 2", { config: { maxRetries: 3 }, putObject: () => undefined, makeRequest: () => undefined }],
    ["a fake", { send: (): void => undefined }],
    ["a fake with a configuration", { send: (): void => undefined, config: {}, middlewareStack: {} }],
    [
      "a fake with a stack",
      { send: (): void => undefined, config: {}, middlewareStack: { applyToStack: (): void => undefined } },
    ],
  ])("is refused with an explanation when it is %s", (_, client) => {
    expect(() => new S3Store({ bucket: "bucket", client: client as never })).toThrow(
      /client must be an S3Client of @aws-sdk\/client-s3, version 3: .*retries off/,
    );
  });

  test("excludes a configuration", () => {
    const client = new S3Client({ region: "us-east-1" });
    expect(() => new S3Store({ bucket: "bucket", client, clientConfig: {} })).toThrow(TypeError);
  });
});

describe("a clock that is wrong", () => {
  test("is corrected by the service's: the next attempt succeeds", async () => {
    const double = await startS3Double({ now: () => Date.now() + 3_600_000 });
    const store = new S3Store({ bucket: "bucket", clientConfig: configOf(double) });
    const error = await storeErrorOf(store.create(key, new Uint8Array()));
    expect(error).toMatchObject({ code: "Unavailable", cause: { name: "RequestTimeTooSkewed" } });
    await expect(store.create(key, new Uint8Array())).resolves.toBe("created");
    await double.stop();
  });
});
