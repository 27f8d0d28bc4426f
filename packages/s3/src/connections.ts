import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import type { S3Client, S3ClientConfig } from "@aws-sdk/client-s3";
import { endIdle, fieldOf } from "@state/core/adapter";
import { hasMethod } from "./given-client.ts";
import { undiciTurn } from "./turns.ts";

const connectionTimeoutMs = 5_000;
const maxSockets = 128;
/** What the SDK's handler has, before it has made its agents. */
const sdkMaxSockets = 50;
/** How long a connection is kept that no request uses: longer than most checkpoints are apart. */
const keptMs = 60_000;

/** The connections of a client, by what is known of its handler. */
export interface Connections {
  /** How many requests can have one at a time. */
  readonly count: () => number;
  /** To be waited for between a request's end and its outcome. @param bytes of the body that it sent */
  readonly turn: (bytes: number) => Promise<void> | undefined;
  /** Ends those that no request uses. */
  readonly endIdle: () => void;
  /** Whether requests go by the proxy that the environment names; `undefined` if that is not known. */
  readonly heedsProxies: () => boolean | undefined;
}

/** Those of a store, which makes its client with this handler. */
export interface OwnConnections extends Connections {
  readonly requestHandler: Required<S3ClientConfig>["requestHandler"];
  /** Ends all. A later request opens one. */
  readonly close: () => void;
}

/** @param options the `requestHandler` of a configuration, where it is no handler yet: what Node's own client is to have */
export async function ownConnections(options: unknown): Promise<OwnConnections> {
  // Bun has another `undici`, without what is used of it; nobody has tried it on Deno.
  const isNode = !("bun" in process.versions || "deno" in process.versions);
  return options === undefined && isNode ? undiciConnections() : agentConnections({ ...Object(options) });
}

/**
 * By undici, with which a request takes half the CPU that it takes with Node's client. Its version 7 is a dependency of this
 * package: the handler would take 8 too, which needs a later Node.
 */
export async function undiciConnections(): Promise<OwnConnections> {
  const { UndiciHttpHandler } = await import("@smithy/undici-http-handler");
  const dispatcher = {
    connections: maxSockets,
    connect: { timeout: connectionTimeoutMs },
    keepAliveTimeout: keptMs,
    // The store has a time-out of its own for requests that pass no byte. One for a whole request would end a slow one.
    headersTimeout: 0,
    bodyTimeout: 0,
  };
  const requestHandler = new UndiciHttpHandler({ dispatcher });
  return {
    requestHandler,
    count: () => maxSockets,
    turn: undiciTurn,
    // Requests that are under way keep their connections. The next one has another dispatcher.
    endIdle: () => requestHandler.updateHttpClientConfig("dispatcher", dispatcher),
    heedsProxies: () => false,
    close: () => requestHandler.destroy(),
  };
}

/** By agents of Node's: those of `options`, or made by what `options` has of them. `close` ends what was made here. */
export function agentConnections(options: Readonly<Record<string, unknown>>): OwnConnections {
  const http = agentOf(options["httpAgent"], (agentOptions) => new HttpAgent(agentOptions));
  const https = agentOf(options["httpsAgent"], (agentOptions) => new HttpsAgent(agentOptions));
  const agents = [http.agent, https.agent];
  return {
    ...connectionsOf(() => agents),
    requestHandler: {
      connectionTimeout: connectionTimeoutMs,
      socketTimeout: 0,
      ...options,
      httpAgent: http.agent,
      httpsAgent: https.agent,
    },
    close: () => {
      http.close();
      https.close();
    },
  };
}

/** Those of a client of somebody else's, so far as its handler shows its agents, and has sent a request already. */
export function connectionsOfClient({ config }: S3Client): Connections {
  return connectionsOf(() => {
    const handler: unknown = config.requestHandler;
    const read = fieldOf(handler, "httpHandlerConfigs");
    const configs: unknown = typeof read === "function" ? read.call(handler) : undefined;
    return ["httpAgent", "httpsAgent"].map((name) => fieldOf(configs, name));
  });
}

function connectionsOf(all: () => readonly unknown[]): Connections {
  const agents = (): HttpAgent[] => all().filter((agent) => agent instanceof HttpAgent);
  return {
    turn: () => undefined,
    count: () =>
      Math.min(...agents().map((agent) => agent.maxSockets), agents().length > 0 ? Infinity : sdkMaxSockets),
    endIdle: () => agents().forEach((agent) => endIdle(agent)),
    heedsProxies: () => heedsProxies(agents()),
  };
}

function heedsProxies(agents: readonly HttpAgent[]): boolean | undefined {
  const isStock = agents.every(({ constructor }) => constructor === HttpAgent || constructor === HttpsAgent);
  if (agents.length === 0 || !isStock) return undefined;
  return agents.some((agent) => fieldOf(fieldOf(agent, "options"), "proxyEnv") !== undefined);
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
