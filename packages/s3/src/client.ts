import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { S3Client, type S3ClientConfig } from "@aws-sdk/client-s3";

const connectionTimeoutMs = 5_000;
/** How long no byte may pass in either direction. */
const idleTimeoutMs = 30_000;
/**
 * From the first byte sent to the first one received. A body adds a second for each MiB, as in
 * core's own time limit.
 */
const requestTimeoutMs = 60_000;
const maxSockets = 128;
const mebibyte = 2 ** 20;

export interface BuiltClient {
  readonly client: S3Client;
  readonly requestTimeoutMs: (bytes: number) => number | undefined;
  readonly close: () => void;
}

/**
 * Builds the store's own client. `close` destroys the agents that are made here, and no agent or
 * handler that was passed in.
 */
export function buildClient(config: S3ClientConfig): BuiltClient {
  const given: unknown = config.requestHandler;
  if (hasMethod(given, "handle")) {
    return {
      client: deriveClient(new S3Client(config)),
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
    // Without this the SDK only logs that the time is over, and goes on waiting.
    throwOnRequestTimeout: true,
    ...options,
    httpAgent: http.agent,
    httpsAgent: https.agent,
  };
  return {
    client: deriveClient(new S3Client({ ...config, requestHandler })),
    requestTimeoutMs: (bytes) =>
      options["requestTimeout"] === undefined ? requestTimeoutMs + (bytes / mebibyte) * 1_000 : undefined,
    close: () => {
      http.close();
      https.close();
    },
  };
}

/**
 * A client with the settings, connections and middleware of the given one, but with one request a
 * call: no retries and no second request to another region. It sends no `Expect: 100-continue`
 * either: with that header the SDK opens a new connection for each large body.
 *
 * @throws `TypeError` for anything but a client of version 3 of the SDK.
 */
export function deriveClient(client: S3Client): S3Client {
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
    // The configuration has their effect already. If they ran again, they could turn retries on
    // again.
    extensions: [],
  };
  // The SDK can resolve a resolved configuration again, which its types do not say.
  const derived = new S3Client(config as S3ClientConfig);
  copyMiddleware(client, derived);
  return derived;
}

type Stack = S3Client["middlewareStack"];

/**
 * Adds the middleware that the owner added: headers, encryption, tracing. The SDK's own is known by
 * its name, and left out.
 */
function copyMiddleware(from: S3Client, to: S3Client): void {
  const own = new Set<string | undefined>();
  visitMiddleware(to.middlewareStack, (name) => own.add(name));
  visitMiddleware(from.middlewareStack, (name, addTo) => {
    if (name === undefined || !own.has(name)) addTo(to.middlewareStack);
  });
}

/**
 * Visits the entries of a stack. The SDK has no way to read them but to apply the stack to another
 * one.
 */
function visitMiddleware(
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

interface HeldAgent<T> {
  readonly agent: T;
  readonly close: () => void;
}

function agentOf<T extends { destroy(): void }>(
  given: unknown,
  make: (options: { keepAlive: boolean; maxSockets: number }) => T,
): HeldAgent<T> {
  if (hasMethod(given, "destroy")) return { agent: given as T, close: () => undefined };
  const agent = make({ keepAlive: true, maxSockets, ...Object(given) });
  return { agent, close: () => agent.destroy() };
}

function hasMethod(value: unknown, name: string): boolean {
  return typeof value === "object" && value !== null && typeof Reflect.get(value, name) === "function";
}
