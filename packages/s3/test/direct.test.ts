import { Agent } from "node:https";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import * as sdk from "@aws-sdk/client-s3";
import { S3Client, type S3ClientConfig } from "@aws-sdk/client-s3";
import { startS3Double } from "@state/servers";
import { startTlsFront, untrusted } from "@state/servers/testing";
import { describe, expect, test } from "vitest";
import { digestsOf } from "../src/body.ts";
import { bufferOf, type Command, type Kind, stackOf } from "../src/commands.ts";
import { probe, type Sample } from "../src/direct/probe.ts";
import { DirectWay } from "../src/direct/way.ts";
import { S3Store, type S3StoreOptions } from "../src/index.ts";
import { clientOf, compareRequests, samplesOf } from "./support/requests.ts";
import { errorResponse, scriptedServer } from "./support/scripted-server.ts";
import { configOf } from "./support/target.ts";
import { workOn } from "./support/work.ts";

const silent = { debug: ignore, info: ignore, warn: ignore, error: ignore };
const keys = { accessKeyId: "AKIA", secretAccessKey: "the-secret" };
const base: S3ClientConfig = { region: "eu-west-1", credentials: keys };

/** What the SDK makes other requests of. */
const settings: readonly [name: string, config: S3ClientConfig, options?: Partial<S3StoreOptions>][] = [
  ["a virtual host", base],
  ["a session token", { ...base, credentials: { ...keys, sessionToken: "a+token/=" } }],
  ["a bucket with dots", base, { bucket: "my.bucket" }],
  ["path style", { ...base, forcePathStyle: true }],
  ["an endpoint with a path", { ...base, endpoint: "http://127.0.0.1:9/base/path", forcePathStyle: true }],
  ["dual stack", { ...base, useDualstackEndpoint: true }],
  ["FIPS", { ...base, region: "us-east-1", useFipsEndpoint: true }],
  ["acceleration", { ...base, useAccelerateEndpoint: true }],
  ["an access point", base, { bucket: "arn:aws:s3:eu-west-1:123456789012:accesspoint/mine" }],
  ["no checksums", { ...base, requestChecksumCalculation: "WHEN_REQUIRED" }],
  [
    "an owner, a payer, a class and tags",
    base,
    {
      expectedBucketOwner: "123456789012",
      requesterPays: true,
      storageClass: "STANDARD_IA",
      tags: { a: "b c", "d&": "é" },
    },
  ],
  ["KMS", base, { encryption: { type: "aws:kms", keyId: "alias/x", bucketKey: true } }],
  ["a key of the customer", base, { encryption: { type: "customer", key: new Uint8Array(32).fill(7) } }],
];

describe("a request without the SDK's pipeline is the SDK's own, with its signature", () => {
  test.each(settings)("%s", async (_name, config, options = {}) => {
    const { client, commands } = await clientOf(sdk, config, options);
    await compareRequests(client, commands, 40);
  });
});

describe("requests go through the SDK, and well", () => {
  const owners: readonly (readonly [name: string, change: (client: S3Client) => void, reason: RegExp])[] = [
    [
      "with middleware of the owner",
      (client) => client.middlewareStack.add((next) => next, { step: "build" }),
      /middleware/,
    ],
    [
      "without middleware of the SDK",
      (client) => client.middlewareStack.remove("recursionDetectionMiddleware"),
      /middleware/,
    ],
    ["with a logger", (client) => Object.assign(client.config, { logger: { ...silent } }), /logger/],
  ];
  test.each(owners)("%s", async (_name, change, reason) => {
    const double = await startS3Double();
    const client = new S3Client(configOf(double));
    change(client);
    const store = new S3Store({ bucket: "bucket", client });
    expect(store.requestPath).toBeUndefined();
    await workOn(store);
    expect([store.requestPath, store.requestPathReason]).toEqual([
      "sdk",
      expect.stringMatching(reason) as string,
    ]);
    client.destroy();
    await double.stop();
  });

  test("with a signer of the owner that signs more", async () => {
    const double = await startS3Double();
    const stock = new S3Client(configOf(double));
    const signer = await (stock.config.signer as (scheme: object) => Promise<Signer>)({
      name: "sigv4",
      signingName: "s3",
      signingRegion: double.region,
    });
    const more: Signer = {
      sign: (request, options) =>
        signer.sign(
          { ...request, headers: { ...request.headers, "x-amz-meta-n": crypto.randomUUID() } },
          options,
        ),
    };
    const store = new S3Store({
      bucket: "bucket",
      clientConfig: { ...configOf(double), signer: more as never },
    });
    await workOn(store);
    expect([store.requestPath, store.requestPathReason]).toEqual([
      "sdk",
      expect.stringContaining("x-amz-meta-n") as string,
    ]);
    await store.close();
    stock.destroy();
    await double.stop();
  });

  test("of one kind, and this is what `requestPath` says", async () => {
    const { client, commands } = await clientOf(sdk, base, {});
    const sample = async (kind: Kind, seed: string): Promise<Sample> => {
      const { input, command } = await commands.sample(kind, seed);
      if (kind === "create") changeHeaders(command, { "x-amz-meta-n": seed });
      return { input, command };
    };
    const way = new DirectWay({ client, reason: undefined, sample });
    const { signal } = new AbortController();
    const body = bufferOf(new Uint8Array(3));
    const digests = await digestsOf(body, {});
    await expect(way.request("create", { name: "a", body, digests }, signal)).resolves.toBeUndefined();
    await expect(way.request("get", { name: "a" }, signal)).resolves.toMatchObject({ method: "GET" });
    expect(way.path).toBe("sdk");
    expect(way.reason).toMatch(/^create: .*x-amz-meta-n/);
  });

  test("with the trace of a Lambda, which is another one each time", async () => {
    const { client, commands } = await clientOf(sdk, base, {});
    const [first, second] = await samplesOf(commands, "get");
    for (const { command } of [first, second]) changeHeaders(command, { "x-amzn-trace-id": "Root=1" });
    await expect(probe(client, [first, second])).rejects.toThrow("trace of a Lambda");
  });

  test("if `directRequests` is false", async () => {
    const double = await startS3Double();
    const store = new S3Store({ bucket: "bucket", clientConfig: configOf(double), directRequests: false });
    await workOn(store);
    expect([store.requestPath, store.requestPathReason]).toEqual(["sdk", "`directRequests` is false"]);
    await store.close();
    await double.stop();
  });
});

describe("what is known of a client", () => {
  test("is asked anew after the service has refused a request, and not before", async () => {
    let status = 404;
    const code = (): string => (status === 403 ? "AccessDenied" : "NoSuchKey");
    await using server = await scriptedServer((...exchange) => errorResponse(status, code())(...exchange));
    const names = countedCredentials([{ ...keys }]);
    const store = server.store({ clientConfig: { ...server.config(), credentials: names.provider } });
    await store.get("a");
    expect(store.requestPath).toBe("direct");
    const probes: number[] = [];
    for (const next of [404, 403, 404, 404]) {
      status = next;
      const before = names.calls();
      await store.get("a").catch(() => undefined);
      probes.push(names.calls() - before);
    }
    // A probe asks for them three times.
    const [plain = 0, refused = 0, probed = 0, again = 0] = probes;
    expect([refused, again]).toEqual([plain, plain]);
    expect(probed).toBeGreaterThan(plain + 2);
  });

  test("is asked anew once the credentials have a token, or none any more", async () => {
    let current: typeof keys & { readonly sessionToken?: string; readonly expiration?: Date } = keys;
    // About to expire: the SDK asks for them each time.
    const credentials = async (): Promise<typeof current> => ({ ...current, expiration: new Date() });
    const { client, commands } = await clientOf(sdk, { ...base, credentials }, {});
    const sample = (kind: Kind, seed: string): Promise<Sample> => commands.sample(kind, seed);
    const way = new DirectWay({ client, reason: undefined, sample });
    const { signal } = new AbortController();
    const tokens: unknown[] = [];
    for (const sessionToken of [undefined, "token", undefined]) {
      current = sessionToken === undefined ? keys : { ...keys, sessionToken };
      const request = async (): ReturnType<typeof way.request> => way.request("get", { name: "a" }, signal);
      // The first one after the change goes through the SDK.
      const sent = (await request()) ?? (await request());
      const isSigned = sent?.headers["authorization"]?.includes(";x-amz-security-token") === true;
      tokens.push([sent?.headers["x-amz-security-token"], isSigned]);
    }
    expect(tokens).toEqual([
      [undefined, false],
      ["token", true],
      [undefined, false],
    ]);
  });

  test("is asked anew if the request was given up that asked and got no response", async () => {
    const { client, commands } = await clientOf(sdk, base, {});
    let isHanging = true;
    const sample = (kind: Kind, seed: string): Promise<Sample> =>
      isHanging ? new Promise(() => undefined) : commands.sample(kind, seed);
    const way = new DirectWay({ client, reason: undefined, sample });
    const controller = new AbortController();
    const hanging = way.request("get", { name: "a" }, controller.signal);
    const { signal } = new AbortController();
    isHanging = false;
    const beside = way.request("get", { name: "a" }, signal);
    controller.abort();
    await expect(way.request("get", { name: "a" }, signal)).resolves.toMatchObject({ method: "GET" });
    await expect(Promise.race([hanging, beside, Promise.resolve("hangs")])).resolves.toBe("hangs");
  });

  test("is not held against it if no credentials could be had", async () => {
    const double = await startS3Double();
    const { credentials, ...config } = configOf(double);
    let isAway = true;
    const provider = (): Promise<typeof credentials> =>
      isAway ? Promise.reject(new Error("the source is away")) : Promise.resolve(credentials);
    const store = new S3Store({
      bucket: "bucket",
      clientConfig: { ...config, credentials: provider } as S3ClientConfig,
    });
    await expect(store.get("a")).rejects.toMatchObject({ code: "Unavailable" });
    isAway = false;
    await workOn(store);
    expect([store.requestPath, store.requestPathReason]).toEqual(["direct", undefined]);
    await store.close();
    await double.stop();
  });
});

test("over TLS requests go directly too, where the service is trusted: by the owner's agent, by the process", async () => {
  const double = await startS3Double();
  await using front = await startTlsFront(double.endpoint);
  const { endpoint } = front;
  const httpsAgent = new Agent({ keepAlive: true, ca: untrusted.cert });
  const store = new S3Store({
    bucket: "bucket",
    clientConfig: { ...configOf(double), endpoint, requestHandler: { httpsAgent } },
  });
  await workOn(store);
  expect(store.requestPath).toBe("direct");
  expect(new Set(front.methods)).toEqual(new Set(["PUT", "GET", "POST"]));
  const distrusting = new S3Store({ bucket: "bucket", clientConfig: { ...configOf(double), endpoint } });
  await expect(distrusting.get("a")).rejects.toMatchObject({ code: "Misconfigured" });
  const authorities = getCACertificates();
  setDefaultCACertificates([...authorities, untrusted.cert]);
  const trusting = new S3Store({
    bucket: "bucket",
    prefix: "trusted",
    clientConfig: { ...configOf(double), endpoint },
  });
  await workOn(trusting);
  expect(trusting.requestPath).toBe("direct");
  setDefaultCACertificates(authorities);
  await Promise.all([store.close(), distrusting.close(), trusting.close()]);
  httpsAgent.destroy();
  await double.stop();
});

function ignore(): void {}

function changeHeaders(command: Command, headers: Readonly<Record<string, string>>): void {
  stackOf(command).add(
    (next) => (args) => {
      Object.assign(Object(Reflect.get(Object(args.request), "headers")), headers);
      return next(args);
    },
    { step: "deserialize", priority: "high" },
  );
}

interface Signer {
  sign(request: { readonly headers: object }, options?: object): Promise<unknown>;
}

/** A provider that is asked for each request: what it gives is about to expire. */
function countedCredentials(given: readonly (typeof keys)[]): {
  readonly provider: () => Promise<typeof keys & { readonly expiration: Date }>;
  readonly calls: () => number;
} {
  let calls = 0;
  const provider = async (): Promise<typeof keys & { readonly expiration: Date }> => {
    const credentials = given[Math.min(calls, given.length - 1)] ?? keys;
    calls += 1;
    return { ...credentials, expiration: new Date() };
  };
  return { provider, calls: () => calls };
}
