import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import type * as Sdk from "@aws-sdk/client-s3";
import type { S3Client, S3ClientConfig } from "@aws-sdk/client-s3";
import { endIdle, fieldOf } from "@state/core/adapter";
import { reasonOf } from "./direct/way.ts";
import { hasMethod, type Snapshot, snapshotOf, type Stack } from "./given-client.ts";

const connectionTimeoutMs = 5_000;
const maxSockets = 128;
/** What the SDK's handler has, before it has made its agents. */
const sdkMaxSockets = 50;

export type { Sdk };

/** The client of a store: it makes one request a call. */
export interface StoreClient {
  readonly client: S3Client;
  /** How many requests can have a connection at a time. */
  readonly connections: () => number;
  /** What requests go by, so far as the client's handler shows it, and has sent some already. */
  readonly agents: () => readonly HttpAgent[];
  /** Ends the connections that no request uses. */
  readonly endIdle: () => void;
  /** Why its requests cannot be made without the SDK's pipeline, if that is known of it. */
  readonly reason: string | undefined;
}

/** How a store comes to its client, once. */
export interface ClientSource {
  readonly connect: (sdk: typeof Sdk) => StoreClient;
  /** Ends what was made for the store, and nothing that was passed in. */
  readonly close: () => void;
}

/** A client like the one that was passed in, but with one request a call. */
export function derivedClient(given: Snapshot): ClientSource {
  return { connect: (sdk) => derive(sdk, given), close: () => undefined };
}

/** A client of the store's own. `close` destroys the agents that are made here. */
export function ownClient(config: S3ClientConfig): ClientSource {
  const given: unknown = config.requestHandler;
  if (hasMethod(given, "handle"))
    return { connect: (sdk) => derive(sdk, snapshotOf(new sdk.S3Client(config))), close: () => undefined };
  const options: Readonly<Record<string, unknown>> = { ...Object(given) };
  const http = agentOf(options["httpAgent"], (agentOptions) => new HttpAgent(agentOptions));
  const https = agentOf(options["httpsAgent"], (agentOptions) => new HttpsAgent(agentOptions));
  // The store has a time-out of its own for requests that pass no byte. One for a whole request would end a slow one.
  const requestHandler = {
    connectionTimeout: connectionTimeoutMs,
    socketTimeout: 0,
    ...options,
    httpAgent: http.agent,
    httpsAgent: https.agent,
  };
  return {
    connect: (sdk) => derive(sdk, snapshotOf(new sdk.S3Client({ ...config, requestHandler }))),
    close: () => {
      http.close();
      https.close();
    },
  };
}

/**
 * No retries, and no second request to another region. It sends no `Expect: 100-continue` either: with that header the SDK
 * opens a new connection for each large body, and its old versions never send the body if the service takes more than a
 * second to say that it may come.
 */
function derive({ S3Client: Client }: typeof Sdk, from: Snapshot): StoreClient {
  const config: unknown = {
    ...from.config,
    maxAttempts: 1,
    retryMode: "standard",
    retryStrategy: undefined,
    followRegionRedirects: false,
    // The configuration has their effect already. If they ran again, they could turn retries on
    // again.
    extensions: [],
  };
  // The SDK can resolve a resolved configuration again, which its types do not say.
  const client = new Client(config as S3ClientConfig);
  const stock = client.middlewareStack.identify().join();
  copyMiddleware(from, client, from.client instanceof Client);
  const reason = reasonOf(client, client.middlewareStack.identify().join() === stock);
  client.middlewareStack.remove("addExpectContinueMiddleware");
  const connections = (): number => {
    const agents = agentsOf(from.client);
    return agents.length === 0 ? sdkMaxSockets : Math.min(...agents.map((agent) => agent.maxSockets));
  };
  const agents = (): readonly HttpAgent[] => agentsOf(from.client);
  const endAll = (): void => agents().forEach((agent) => endIdle(agent));
  return { client, connections, agents, endIdle: endAll, reason };
}

/** The agents of the client's handler, if it has any, and has sent a request already. */
function agentsOf({ config }: S3Client): readonly HttpAgent[] {
  const handler: unknown = config.requestHandler;
  const read = fieldOf(handler, "httpHandlerConfigs");
  const configs: unknown = typeof read === "function" ? read.call(handler) : undefined;
  return ["httpAgent", "httpsAgent"]
    .map((name) => fieldOf(configs, name))
    .filter((agent) => agent instanceof HttpAgent);
}

/**
 * Makes the middleware of the store's client that of the owner's. What the owner has added is added: headers, encryption,
 * tracing. What the owner has removed of the SDK's own is removed; of another copy of the SDK that cannot be told, since
 * its versions have other middleware.
 */
function copyMiddleware(from: Snapshot, to: S3Client, isSameCopy: boolean): void {
  const own = namesOf(to.middlewareStack);
  const theirs = namesOf(from.stack);
  visitMiddleware(from.stack, (name, addTo) => {
    if (name === undefined || !own.has(name)) addTo(to.middlewareStack);
  });
  if (!isSameCopy) return;
  for (const name of own) if (!theirs.has(name) && !byConfig.has(name)) to.middlewareStack.remove(name);
}

/** What the SDK adds or leaves out by the configuration, which is not the owner's here. */
const byConfig: ReadonlySet<string> = new Set(["addExpectContinueMiddleware", "retryMiddleware"]);

function namesOf(stack: Stack): Set<string> {
  const names = new Set<string>();
  visitMiddleware(stack, (name) => {
    if (name !== undefined) names.add(name);
  });
  return names;
}

/**
 * Visits the entries of a stack. The SDK has no way to read them but to apply the stack to another
 * one.
 */
function visitMiddleware(
  stack: Stack,
  see: (name: string | undefined, addTo: (other: Stack) => void) => void,
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
