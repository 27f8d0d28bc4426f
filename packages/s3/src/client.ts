import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { S3Client, type S3ClientConfig } from "@aws-sdk/client-s3";

const connectionTimeoutMs = 5_000;
/** Without a byte in either direction. */
const idleTimeoutMs = 30_000;
/** From the first byte sent to the first one received, as core counts it: a second more for each MiB. */
const requestTimeoutMs = 60_000;
const maxSockets = 128;
const mebibyte = 2 ** 20;

export interface BuiltClient {
  readonly client: S3Client;
  readonly requestTimeoutMs: (bytes: number) => number | undefined;
  readonly close: () => void;
}

/** A client of the store's own. It destroys the agents that were made here, and no agent or handler that was passed in. */
export function clientFrom(config: S3ClientConfig): BuiltClient {
  const given: unknown = config.requestHandler;
  if (hasMethod(given, "handle")) {
    return {
      client: derive(new S3Client(config)),
      requestTimeoutMs: () => undefined,
      close: () => undefined,
    };
  }
  const options: Readonly<Record<string, unknown>> = { ...Object(given) };
  const http = agentOf(options["httpAgent"], (agentOptions) => new HttpAgent(agentOptions));
  const https = agentOf(options["httpsAgent"], (agentOptions) => new HttpsAgent(agentOptions));
  const requestHandler = {
    connectionTimeout: connectionTimeoutMs,
    socketTimeout: idleTimeoutMs,
    requestTimeout: requestTimeoutMs,
    // Without it the SDK only logs that the time is over, and waits on.
    throwOnRequestTimeout: true,
    ...options,
    httpAgent: http.agent,
    httpsAgent: https.agent,
  };
  return {
    client: derive(new S3Client({ ...config, requestHandler })),
    requestTimeoutMs: (bytes) =>
      options["requestTimeout"] === undefined ? requestTimeoutMs + (bytes / mebibyte) * 1_000 : undefined,
    close: () => {
      http.close();
      https.close();
    },
  };
}

/**
 * A client with everything of the one that was given, its connections included, but one request a call: no retries, no
 * second request to another region, no `Expect: 100-continue`, with which each large body gets a connection of its own.
 *
 * @throws `TypeError` for anything but a client of version 3 of the SDK.
 */
export function derive(client: S3Client): S3Client {
  if (
    !hasMethod(client, "send") ||
    !hasMethod(client.middlewareStack, "applyToStack") ||
    !hasMethod(client.config?.requestHandler, "handle")
  ) {
    throw new TypeError(
      "client must be an S3Client of @aws-sdk/client-s3, version 3: from anything else no client with its retries off can be derived",
    );
  }
  const config: unknown = {
    ...client.config,
    maxAttempts: 1,
    retryMode: "standard",
    retryStrategy: undefined,
    followRegionRedirects: false,
    expectContinueHeader: false,
    // What they did is in the configuration already; a second time they could turn retries on again.
    extensions: [],
  };
  // A resolved configuration is one to resolve again, which the SDK's types do not say.
  const derived = new S3Client(config as S3ClientConfig);
  keepMiddleware(client, derived);
  return derived;
}

type Stack = S3Client["middlewareStack"];

/** Adds what the owner added to its client: headers, encryption, tracing. The SDK's own middleware goes by its name. */
function keepMiddleware(from: S3Client, to: S3Client): void {
  const own = new Set<string | undefined>();
  visit(to.middlewareStack, (name) => own.add(name));
  visit(from.middlewareStack, (name, addTo) => {
    if (name === undefined || !own.has(name)) addTo(to.middlewareStack);
  });
}

/** A stack shows what it holds only to another stack, to which it adds it. */
function visit(
  stack: Stack,
  see: (name: string | undefined, addTo: (other: Stack) => void) => unknown,
): void {
  const visitor: Pick<Stack, "add" | "addRelativeTo"> = {
    add: (middleware: never, options: { name?: string } = {}) => {
      see(options.name, (other) => other.add(middleware, options));
    },
    addRelativeTo: (middleware: never, options: { name?: string }) => {
      see(options.name, (other) => other.addRelativeTo(middleware, options as never));
    },
  };
  stack.applyToStack(visitor as Stack);
}

interface Held<T> {
  readonly agent: T;
  readonly close: () => void;
}

function agentOf<T extends { destroy(): void }>(
  given: unknown,
  make: (options: { keepAlive: boolean; maxSockets: number }) => T,
): Held<T> {
  if (hasMethod(given, "destroy")) return { agent: given as T, close: () => undefined };
  const agent = make({ keepAlive: true, maxSockets, ...Object(given) });
  return { agent, close: () => agent.destroy() };
}

function hasMethod(value: unknown, name: string): boolean {
  return typeof value === "object" && value !== null && typeof Reflect.get(value, name) === "function";
}
