import type { S3Client } from "@aws-sdk/client-s3";
import {
  loadSdk,
  OnDemand,
  type Pool,
  poolOf,
  redactorOf,
  type RunningRequest,
  runRequest,
  type StoreCall,
} from "@state/core/adapter";
import type { ClientSource, StoreClient } from "./client.ts";
import { type Command, Commands, type Kind } from "./commands.ts";
import { Renewal } from "./credentials.ts";
import type { RequestInput } from "./direct/template.ts";
import { DirectWay } from "./direct/way.ts";
import { fromSdk, serviceCodeOf, toStoreError, unsentError } from "./errors.ts";
import type { RequestFields } from "./options.ts";
import { Sent, sendWire, watch, type WireHandler, type WireResponse } from "./wire.ts";

export interface RequesterOptions {
  /** The store's. */
  readonly name: string;
  readonly bucket: string;
  readonly fields: RequestFields;
  readonly client: ClientSource;
  readonly hasDirectRequests: boolean;
  readonly idleTimeoutMs: number;
  /** Texts that no message may hold, beside what the requests are signed by. */
  readonly secrets: readonly string[];
}

/** One request of the store. */
export interface S3Request extends RunningRequest {
  /** What its errors name. */
  readonly call: StoreCall;
  readonly commands: Commands;
  /**
   * Sends a request without the SDK's pipeline: the response as it came, of any status, with its body unread.
   * `undefined` if it has to go through the SDK; then nothing was sent.
   */
  readonly direct: (kind: Kind, input: RequestInput) => Promise<WireResponse | undefined>;
  /**
   * Sends one command once. Rejects with S3's response as the SDK reads it, or with a `StoreError` if there was none. If
   * `direct` has had a response, the SDK reads that one, and nothing is sent.
   */
  readonly send: S3Client["send"];
}

/** What a store has once the SDK is loaded. */
interface Connection {
  readonly client: StoreClient;
  readonly commands: Commands;
  readonly renewal: Renewal;
  readonly way: DirectWay;
  /** A request that waits for a connection passes no byte, and must not be given up for that. */
  readonly pool: Pool;
}

/** Sends the requests of one store, each once. */
export class Requester {
  readonly #options: RequesterOptions;
  readonly #connection: OnDemand<Connection>;
  #hadCredentials = false;

  constructor(options: RequesterOptions) {
    this.#options = options;
    this.#connection = new OnDemand(() => connect(options));
  }

  /** What `S3Store.requestPath` is. */
  get way(): DirectWay | undefined {
    return this.#connection.made?.way;
  }

  /** Whether requests go by the proxy that the environment names; `undefined` if that is not known. */
  get heedsProxies(): boolean | undefined {
    return this.#connection.made?.client.connections.heedsProxies();
  }

  /**
   * Runs one request. Rejects with a `StoreError`, or with the signal's own reason.
   *
   * @param bytes of its body
   */
  async run<T>(
    operation: StoreCall["operation"],
    key: string,
    signal: AbortSignal | undefined,
    work: (request: S3Request) => Promise<T>,
    bytes = 0,
  ): Promise<T> {
    const { name: store, idleTimeoutMs, secrets } = this.#options;
    const sent = new Sent(secrets);
    const call: StoreCall = { store, operation, key, redact: (text) => redactorOf(sent.secrets)(text) };
    try {
      const connection = this.#connection.made ?? (await this.#connection.get(signal));
      const { client, pool } = connection;
      const run = async (request: RunningRequest): Promise<T> => {
        const exchange = { connection, request, sent, call };
        const { commands } = connection;
        const send = ((command: Command) => this.#send(command, exchange)) as S3Client["send"];
        const direct: S3Request["direct"] = (...args) => this.#direct(...args, exchange);
        try {
          return await work({ ...request, call, commands, send, direct });
        } finally {
          await client.connections.turn(bytes);
        }
      };
      return await runRequest(run, { signal, idleTimeoutMs, onSilent: client.connections.endIdle, pool });
    } catch (error) {
      throw signal?.aborted === true ? signal.reason : toStoreError(error, call);
    }
  }

  async #direct(
    kind: Kind,
    input: RequestInput,
    { connection, request, sent, call }: Exchange,
  ): Promise<WireResponse | undefined> {
    const { way, client } = connection;
    const wire = await this.#unsentFails(way.request(kind, input, request.signal), call);
    if (wire === undefined) return undefined;
    const response = await sendWire(wire, client.client.config.requestHandler as WireHandler, request, sent);
    this.#hadCredentials = true;
    if (refusals.has(response.statusCode)) way.forget();
    return response;
  }

  async #send(command: Command, { connection, request, sent, call }: Exchange): Promise<unknown> {
    watch(command, request, sent, call.operation === "get");
    try {
      const { client } = connection.client;
      const response: unknown = await client.send(command as never, { abortSignal: request.signal });
      this.#hadCredentials = true;
      return response;
    } catch (error) {
      if (!sent.isSent) throw this.#unsent(error, call);
      const hasOthers = connection.renewal.hasOthers(serviceCodeOf(error), sent.identity);
      if (await this.#unsentFails(hasOthers, call)) {
        const advice = "the credentials were refused, and there are others now";
        throw fromSdk(error, call, { code: "Unavailable", advice });
      }
      throw error;
    }
  }

  /** The error of what comes before a request is sent: it is not the service's. */
  async #unsentFails<T>(work: Promise<T>, call: StoreCall): Promise<T> {
    try {
      return await work;
    } catch (error) {
      throw this.#unsent(error, call);
    }
  }

  #unsent(error: unknown, call: StoreCall): Error {
    return unsentError(error, call, { environment: process.env, hadSome: this.#hadCredentials });
  }
}

/** One request, and what it goes by. */
interface Exchange {
  readonly connection: Connection;
  readonly request: RunningRequest;
  readonly sent: Sent;
  readonly call: StoreCall;
}

/** The statuses of a service that may see a request in another way than it was meant: by its region, key or signature. */
const refusals: ReadonlySet<number> = new Set([301, 307, 308, 400, 401, 403]);

const wanted = "@aws-sdk/client-s3, 3.700 or later";

async function connect(options: RequesterOptions): Promise<Connection> {
  const sdk = await loadSdk(() => import("@aws-sdk/client-s3"), "@aws-sdk/client-s3", wanted);
  const client = await options.client.connect(sdk);
  const commands = new Commands(sdk, client.client, options);
  const reason = options.hasDirectRequests ? client.reason : "`directRequests` is false";
  const sample = (kind: Kind, seed: string): ReturnType<Commands["sample"]> => commands.sample(kind, seed);
  return {
    client,
    commands,
    renewal: new Renewal(client.client),
    way: new DirectWay({ client: client.client, reason, sample }),
    pool: poolOf(client.connections.count),
  };
}
