import { AsyncLocalStorage } from "node:async_hooks";
import {
  Agent as HttpAgent,
  type IncomingMessage,
  request as httpRequest,
  type RequestOptions,
} from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { Readable } from "node:stream";
import { urlToHttpOptions } from "node:url";
import {
  concatenate,
  endIdle,
  fieldOf,
  OnDemand,
  redactorOf,
  type RunningRequest,
  runRequest,
  SdkFailure,
  sentSlices,
  type StoreCall,
} from "@state/core/adapter";
import type { ClientParts } from "./client.ts";
import type { PlainRequest } from "./direct.ts";
import {
  ForeignResponse,
  refusedTokenError,
  saysTokenRefused,
  toStoreError,
  UnreadableResponse,
} from "./errors.ts";
import { openClient, type SdkClient } from "./sdk.ts";
import { signaturesOf } from "./secrets.ts";

/** An error that the service writes is a few hundred bytes, and a page of 5,000 names some MiB. */
const errorLimit = 64 * 1024;
const pageLimit = 64 * 2 ** 20;
/** A body up to this is handed over at once. */
export const smallBody: number = 128 * 1024;

/** A request and a response as the SDK's pipeline has them. Its types are of a package that is not the store's own. */
interface SdkRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: {
    get(name: string): string | undefined;
    toJSON(options: { preserveCase: boolean }): Readonly<Record<string, string>>;
  };
  body?: unknown;
  agent?: unknown;
  readonly tlsSettings?: object;
  readonly disableKeepAlive?: boolean;
  readonly proxySettings?: object;
  readonly requestOverrides?: object;
  readonly timeout?: number;
  streamResponseStatusCodes?: ReadonlySet<number> | undefined;
}

export interface SdkResponse {
  readonly status: number;
  readonly headers: { get(name: string): string | undefined };
  bodyAsText?: string | null;
  readableStreamBody?: AsyncIterable<Uint8Array> | undefined;
}

interface Policy {
  readonly name: string;
  sendRequest(request: SdkRequest, next: (request: SdkRequest) => Promise<SdkResponse>): Promise<SdkResponse>;
}

/** What is noted of the requests of one call. */
interface Exchange {
  readonly request: RunningRequest;
  readonly secrets: Set<string>;
  readonly agents: Set<unknown>;
  token: string | undefined;
  /** Takes the request instead of the HTTP client. */
  readonly capture?: (request: SdkRequest) => void;
}

export interface RequesterOptions {
  readonly store: string;
  readonly parts: ClientParts;
  readonly idleTimeoutMs: number;
  readonly secrets: readonly (string | undefined)[];
}

/** Runs the calls of one store. Each of its requests passes a policy, the last before the HTTP client. */
export class Requester {
  readonly #options: RequesterOptions;
  readonly #exchanges: AsyncLocalStorage<Exchange> = new AsyncLocalStorage();
  /** The store's own, by the TLS settings of a request. */
  readonly #agents: Map<object | string, HttpAgent> = new Map();
  /** Where the requests of the direct way go: all to one. */
  #address: Address | undefined;

  readonly #client: OnDemand<SdkClient> = new OnDemand(() => this.#open());

  constructor(options: RequesterOptions) {
    this.#options = options;
  }

  /**
   * Runs one call.
   *
   * @throws `StoreError`, or the signal's reason
   */
  async run<T>(
    operation: StoreCall["operation"],
    key: string,
    signal: AbortSignal | undefined,
    work: (request: RunningRequest, call: StoreCall, client: SdkClient) => Promise<T>,
  ): Promise<T> {
    const { store, secrets: known, idleTimeoutMs } = this.#options;
    const secrets = new Set<string>();
    const agents = new Set<unknown>();
    const redact = (text: string): string => redactorOf([...known, ...secrets])(text);
    const call: StoreCall = { store, operation, key, redact };
    const attempt = async (request: RunningRequest): Promise<T> => {
      const exchange: Exchange = { request, secrets, agents, token: undefined };
      try {
        const client = this.#client.made ?? (await this.#client.get());
        return await this.#exchanges.run(exchange, () => work(request, call, client));
      } catch (error) {
        throw await this.#errorOf(error, call, exchange.token);
      }
    };
    try {
      return await runRequest(attempt, {
        signal,
        idleTimeoutMs,
        onSilent: () => agents.forEach((agent) => endIdle(agent)),
      });
    } catch (error) {
      if (signal?.aborted === true) throw error;
      throw toStoreError(error, call);
    }
  }

  /**
   * What the SDK's pipeline would send. Nothing is sent.
   *
   * @throws `Error` if the HTTP client would not send just that, by connections of the store's own
   */
  async capture(work: () => Promise<unknown>): Promise<PlainRequest> {
    let captured: SdkRequest | undefined;
    const capture = (request: SdkRequest): void => {
      captured = request;
    };
    const request = {
      signal: new AbortController().signal,
      sent: () => undefined,
      received: () => undefined,
    };
    const exchange: Exchange = { request, secrets: new Set(), agents: new Set(), token: undefined, capture };
    // It rejects, because there is no response.
    const [{ reason } = { reason: undefined }] = (await Promise.allSettled([
      this.#exchanges.run(exchange, work),
    ])) as readonly { readonly reason?: unknown }[];
    if (captured === undefined) throw new Error("the SDK made no request", { cause: reason });
    const { method, url, headers, agent, tlsSettings, proxySettings, disableKeepAlive } = captured;
    if (agent !== undefined || proxySettings !== undefined)
      throw new Error("the requests go by a proxy or an agent");
    if (tlsSettings !== undefined || captured.requestOverrides !== undefined || captured.timeout)
      throw new Error("the client has settings of TLS, or for its HTTP client");
    if (disableKeepAlive === true) throw new Error("the client keeps no connections");
    return { method, url, headers: headers.toJSON({ preserveCase: true }) };
  }

  /**
   * Sends a request of the direct way, by the connections that the SDK's requests have. The body of a response that is not
   * streamed is read.
   */
  async sendDirectly(
    plain: PlainRequest,
    body: Buffer | undefined,
    isStreamed: (status: number) => boolean,
  ): Promise<SdkResponse> {
    const { request, agents, secrets } = this.#exchange();
    const { authorization = plain.headers["Authorization"] } = plain.headers;
    if (authorization !== undefined) secrets.add(authorization.slice(authorization.lastIndexOf(":") + 1));
    const agent = this.#agentOf(plain);
    agents.add(agent);
    if (body !== undefined) request.sent(body.byteLength);
    this.#address ??= addressOf(plain.url);
    const incoming = await responseTo(plain, this.#address, body, agent, request.signal);
    request.received();
    const status = incoming.statusCode ?? 0;
    const response: SdkResponse = {
      status,
      headers: { get: (name) => headerOf(incoming, name) },
      readableStreamBody: incoming,
    };
    if (!isStreamed(status)) await readText(response, request, incoming);
    if (!isFromService(response)) throw new ForeignResponse(response);
    return response;
  }

  /** Ends the connections that the store has made. */
  close(): void {
    for (const agent of this.#agents.values()) agent.destroy();
    this.#agents.clear();
  }

  async #open(): Promise<SdkClient> {
    const client = await openClient(this.#options.parts);
    // All clients that come from the container share its pipeline.
    const pipeline = fieldOf(fieldOf(client.container, "storageClientContext"), "pipeline");
    const add = fieldOf(pipeline, "addPolicy");
    if (typeof add !== "function")
      throw new SdkFailure(
        "this version of @azure/storage-blob has no pipeline",
        "install version 12, from 12.25",
      );
    const policy: Policy = {
      name: "stateStorePolicy",
      sendRequest: (request, next) => this.#send(request, next),
    };
    Reflect.apply(add, pipeline, [policy, { afterPhase: "Sign" }]);
    return client;
  }

  /** A token that the service has refused is replaced, so that the next attempt has another one. */
  async #errorOf(error: unknown, call: StoreCall, token: string | undefined): Promise<unknown> {
    const { tokens } = this.#options.parts;
    if (tokens === undefined || token === undefined || !saysTokenRefused(error))
      return toStoreError(error, call);
    try {
      return refusedTokenError(error, call, await tokens.replace(token));
    } catch (failure) {
      return toStoreError(failure, call);
    }
  }

  async #send(
    request: SdkRequest,
    next: (request: SdkRequest) => Promise<SdkResponse>,
  ): Promise<SdkResponse> {
    const exchange = this.#exchange();
    if (exchange.capture !== undefined) {
      exchange.capture(request);
      throw new Error("the request was captured");
    }
    const authorization = request.headers.get("authorization");
    for (const secret of signaturesOf(authorization, request.body)) exchange.secrets.add(secret);
    exchange.token = /^Bearer (.+)$/.exec(authorization ?? "")?.[1];
    // A proxy's agent, or the owner's, is there already.
    if (
      request.agent === undefined &&
      request.disableKeepAlive !== true &&
      !this.#options.parts.hasOwnHttpClient
    )
      request.agent = this.#agentOf(request);
    exchange.agents.add(request.agent);
    request.body = bodyInSlices(request.body, exchange.request);
    const streamed = request.streamResponseStatusCodes;
    // The SDK would read every other body to its end, however long it is.
    request.streamResponseStatusCodes = new Set([Number.POSITIVE_INFINITY]);
    let response: SdkResponse;
    try {
      response = await next(request);
    } finally {
      request.streamResponseStatusCodes = streamed;
    }
    exchange.request.received();
    if (streamed?.has(response.status) !== true) await readText(response, exchange.request);
    if (!isFromService(response)) throw new ForeignResponse(response);
    return response;
  }

  #exchange(): Exchange {
    const exchange = this.#exchanges.getStore();
    if (exchange === undefined) throw new Error("a request of the store's client was sent outside of a call");
    return exchange;
  }

  #agentOf({ url, tlsSettings }: Pick<SdkRequest, "url" | "tlsSettings">): HttpAgent {
    const isPlain = url.toLowerCase().startsWith("http:");
    const key = isPlain ? "http" : (tlsSettings ?? "https");
    const known = this.#agents.get(key);
    if (known !== undefined) return known;
    const agent = isPlain
      ? new HttpAgent({ keepAlive: true })
      : new HttpsAgent({ keepAlive: true, ...tlsSettings });
    this.#agents.set(key, agent);
    return agent;
  }
}

interface Address {
  /** As it stands in the URL. */
  readonly origin: string;
  readonly options: RequestOptions;
}

function addressOf(url: string): Address {
  const origin = url.slice(0, url.indexOf("/", url.indexOf("//") + 2));
  return { origin, options: urlToHttpOptions(new URL(origin)) };
}

function responseTo(
  { method, url, headers }: PlainRequest,
  { origin, options }: Address,
  body: Buffer | undefined,
  agent: HttpAgent,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const send = options.protocol === "https:" ? httpsRequest : httpRequest;
    const sent = send({ ...options, path: url.slice(origin.length), method, headers, agent });
    sent.on("error", reject);
    sent.on("response", (incoming) => {
      // When the request ends, its response is destroyed with an error, even if nobody reads it.
      incoming.on("error", () => undefined);
      resolve(incoming);
    });
    signal.addEventListener("abort", () => sent.destroy(), { once: true });
    sent.end(body);
  });
}

function headerOf({ headers }: IncomingMessage, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value.join(", ") : value;
}

/** The body as a stream that tells of its progress. The SDK calls the function for each request that it sends. */
function bodyInSlices(body: unknown, request: RunningRequest): unknown {
  if (!Buffer.isBuffer(body)) return body;
  if (body.byteLength > smallBody)
    return () => Readable.from(sentSlices([body], request), { objectMode: false });
  request.sent(body.byteLength);
  return body;
}

/** Reads the body into `bodyAsText`, as the SDK expects it. */
async function readText(
  response: SdkResponse,
  request: RunningRequest,
  incoming?: IncomingMessage,
): Promise<void> {
  const { readableStreamBody: stream, status } = response;
  if (stream === undefined) return;
  if (incoming?.headers["content-length"] === "0") {
    // There is nothing to read, and the connection is to be used again.
    incoming.resume();
    response.readableStreamBody = undefined;
    return;
  }
  const limit = status < 300 ? pageLimit : errorLimit;
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of stream) {
    request.received();
    length += part.byteLength;
    if (length > limit)
      throw new UnreadableResponse(`its response (${status}) is longer than ${limit} bytes`);
    parts.push(part);
  }
  response.bodyAsText = new TextDecoder().decode(concatenate(parts, length));
  response.readableStreamBody = undefined;
}

/** Whether the response carries what the blob service alone writes. */
function isFromService({ headers, bodyAsText }: SdkResponse): boolean {
  const ids = ["x-ms-request-id", "x-ms-error-code"].map((name) => headers.get(name));
  return ids.some((id) => id !== undefined && id !== "") || /<Code>\s*\w+\s*<\/Code>/.test(bodyAsText ?? "");
}
