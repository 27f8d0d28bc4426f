import type * as Sdk from "@aws-sdk/client-s3";
import type { S3Client, S3ClientConfig } from "@aws-sdk/client-s3";
import { type Connections, connectionsOfClient, type OwnConnections, ownConnections } from "./connections.ts";
import { reasonOf } from "./direct/way.ts";
import { hasMethod, type Snapshot, snapshotOf, type Stack } from "./given-client.ts";

export type { Sdk };

/** The client of a store: it makes one request a call. */
export interface StoreClient {
  readonly client: S3Client;
  readonly connections: Connections;
  /** Why its requests cannot be made without the SDK's pipeline, if that is known of it. */
  readonly reason: string | undefined;
}

/** How a store comes to its client, once. */
export interface ClientSource {
  readonly connect: (sdk: typeof Sdk) => Promise<StoreClient>;
  /** Ends what was made for the store, and nothing that was passed in. */
  readonly close: () => void;
}

/** A client like the one that was passed in, but with one request a call. */
export function derivedClient(given: Snapshot): ClientSource {
  return {
    connect: (sdk) => Promise.resolve(derive(sdk, given, connectionsOfClient(given.client))),
    close: () => undefined,
  };
}

/** A client of the store's own. `close` ends the connections that are made here. */
export function ownClient(config: S3ClientConfig): ClientSource {
  const given: unknown = config.requestHandler;
  let own: OwnConnections | undefined;
  return {
    connect: async (sdk) => {
      if (hasMethod(given, "handle")) {
        const client = new sdk.S3Client(config);
        return derive(sdk, snapshotOf(client), connectionsOfClient(client));
      }
      own = await ownConnections(given);
      const { requestHandler } = own;
      return derive(sdk, snapshotOf(new sdk.S3Client({ ...config, requestHandler })), own);
    },
    close: () => own?.close(),
  };
}

/**
 * No retries, and no second request to another region. It sends no `Expect: 100-continue` either: with that header the SDK
 * opens a new connection for each large body, and its old versions never send the body if the service takes more than a
 * second to say that it may come.
 */
function derive({ S3Client: Client }: typeof Sdk, from: Snapshot, connections: Connections): StoreClient {
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
  return { client, connections, reason };
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
