import { Readable } from "node:stream";
import { isStoreError, type StoreError } from "@state/core";
import {
  fieldOf,
  meaningOfSilence,
  runRequest,
  type RunningRequest,
  SdkFailure,
  sentSlices,
  type StoreCall,
  storeError,
} from "@state/core/adapter";
import type { CredentialFailure } from "./credentials.ts";
import { isOfService, responseError, saidBy } from "./errors.ts";
import { headersOf, readText, type StreamedResponse, type TextResponse } from "./response.ts";
import type { Client, Service } from "./sdk.ts";
import { needOfFetch, type RequestBody, sendByNode } from "./wire.ts";

/** A body up to this is sent as one part. */
const smallBody = 128 * 1024;

export interface ServiceRequest {
  readonly method: "GET" | "POST" | "DELETE";
  /** From the `/` after the endpoint. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Sent one after the other, without a copy. */
  readonly body?: readonly Uint8Array[] | undefined;
}

/** How far a request has come. */
interface Progress {
  /** Whether something of the request itself may have been sent, after its credentials were there. */
  isSent: boolean;
  /** The header that it was sent with. */
  authorization: string | undefined;
}

/**
 * Sends one request, and reads its response, whatever its status. A token that the service has refused is replaced.
 *
 * @param read reads the response, to its end or to where it is refused
 * @throws `StoreError`, or the signal's reason
 */
export async function sendRequest<T>(
  { client, idleTimeoutMs }: { readonly client: Client; readonly idleTimeoutMs: number },
  request: ServiceRequest,
  call: StoreCall,
  signal: AbortSignal | undefined,
  read: (response: StreamedResponse, running: RunningRequest) => Promise<T>,
): Promise<T> {
  const progress: Progress = { isSent: false, authorization: undefined };
  const run = async (running: RunningRequest): Promise<T> => {
    const service = client.opened ?? (await client.open());
    const response = await responseTo(service, request, call, running, progress);
    if (response.status !== 401) return read(response, running);
    throw await refusalOf(await readText(response, running), call, service, progress.authorization);
  };
  const onSilent = (): void => client.opened?.connections.endIdle();
  try {
    return await runRequest(run, { signal, idleTimeoutMs, onSilent });
  } catch (error) {
    // The reason of an abort may be a `StoreError`, as that of core's time-outs is.
    throw signal?.aborted === true ? error : requestError(error, call, client.opened, progress);
  }
}

async function responseTo(
  service: Service,
  request: ServiceRequest,
  call: StoreCall,
  running: RunningRequest,
  progress: Progress,
): Promise<StreamedResponse> {
  const client = await service.credentials.client();
  const body = request.body === undefined ? undefined : bodyOf(request.body, running, progress);
  const adapter = adapterFor(client, service, body, running, progress);
  try {
    const options = optionsOf(service, request, body?.stream, running, adapter, progress);
    const response = await client.request(options);
    running.received();
    const status: unknown = fieldOf(response, "status");
    const data = fieldOf(response, "data");
    const isEmpty = data === "" || data === null || data === undefined;
    // If it were read as an empty body, the service would seem to have sent one.
    if (typeof status !== "number" || !(isEmpty || isStream(data)))
      throw storeError(
        call,
        { code: "Failed" },
        "the client's transport returned no stream, as was requested",
      );
    return {
      status,
      headers: headersOf(fieldOf(response, "headers")),
      body: isStream(data) ? data : empty(),
    };
  } finally {
    // A response may arrive before the body is sent. Then nothing more of the caller's bytes is read.
    body?.stream.destroy();
  }
}

function optionsOf(
  { endpoint }: Service,
  request: ServiceRequest,
  body: Readable | undefined,
  running: RunningRequest,
  adapter: Adapter,
  progress: Progress,
): object {
  return {
    method: request.method,
    url: `${endpoint}${request.path}`,
    // The stored hashes are of the bytes as they are stored, so that these must not be encoded on the way.
    headers: {
      "accept-encoding": "identity",
      ...request.headers,
      ...(body === undefined ? {} : { "content-length": String(lengthOf(request.body ?? [])) }),
    },
    ...(body === undefined ? {} : { data: body }),
    signal: running.signal,
    responseType: "stream",
    adapter,
    // One call must be one request. So there are no retries, not even by a client's own defaults, no redirects, and no second
    // request with a new token after a 401 or 403: that is sent only if the status rejects.
    retry: false,
    retryConfig: { retry: 0, noResponseRetries: 0, shouldRetry: () => false },
    redirect: "manual",
    validateStatus: () => {
      progress.isSent = true;
      return true;
    },
  };
}

type Adapter = (prepared: object, send: (prepared: object) => Promise<object>) => Promise<object>;

/** The last step before the network: the credentials are there, and the SDK has chosen an agent if it wants one. */
function adapterFor(
  client: object,
  service: Service,
  body: RequestBody | undefined,
  running: RunningRequest,
  progress: Progress,
): Adapter {
  const own: unknown = fieldOf(fieldOf(fieldOf(client, "transporter"), "defaults"), "adapter");
  return async (prepared, send) => {
    progress.isSent = true;
    progress.authorization = headersOf(fieldOf(prepared, "headers")).get("authorization") ?? undefined;
    if (progress.authorization !== undefined) service.credentials.onSent(progress.authorization);
    const agent = service.connections.agentOf(fieldOf(prepared, "agent"));
    const options = Object.assign(prepared, { agent });
    const need = needOfFetch(client, options, body);
    service.lastWay = { needOfFetch: need };
    if (need === undefined) return sendByNode(options, body, running);
    return typeof own === "function"
      ? (Reflect.apply(own, undefined, [options, send]) as object)
      : send(options);
  };
}

/** The error of a 401. If the service itself has refused a token, the next attempt must have another. */
async function refusalOf(
  response: TextResponse,
  call: StoreCall,
  { credentials }: Service,
  authorization: string | undefined,
): Promise<StoreError> {
  if (authorization === undefined || !isOfService(response)) return responseError(response, call);
  const refusal = saidBy(response, call);
  try {
    if (!(await credentials.renew(authorization))) return responseError(response, call);
    const advice = "the next attempt has another token";
    return storeError(call, { code: "Unavailable", advice }, refusal);
  } catch (error) {
    const failure = credentials.failure(error);
    const why = `${refusal}, and no other token could be had: ${messageOf(error)}`;
    return storeError(call, failure, why, { cause: error, retryAfterMs: failure.retryAfterMs });
  }
}

/** The `StoreError` for a request without a response, or with a part of one only. */
function requestError(
  error: unknown,
  call: StoreCall,
  service: Service | undefined,
  { isSent }: Progress,
): StoreError {
  if (isStoreError(error)) return error;
  // Once a request was sent, the error of a create must not say that nothing was written.
  if (isSent) return storeError(call, meaningOfSilence(error), messageOf(error), { cause: error });
  if (error instanceof SdkFailure)
    return storeError(call, { code: "Misconfigured", advice: error.advice }, error.message, {
      cause: error.cause,
    });
  const failure: CredentialFailure = service?.credentials.failure(error) ?? meaningOfSilence(error);
  const why = `no credentials could be had: ${messageOf(error)}`;
  return storeError(call, failure, why, { cause: error, retryAfterMs: failure.retryAfterMs });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Node's stream, or a web stream, if the transport is the global fetch. */
function isStream(data: unknown): data is AsyncIterable<Uint8Array> {
  return typeof data === "object" && data !== null && Symbol.asyncIterator in data;
}

async function* empty(): AsyncGenerator<Uint8Array, void, undefined> {
  // A response without a body has no parts.
}

function lengthOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, { byteLength }) => sum + byteLength, 0);
}

function bodyOf(parts: readonly Uint8Array[], running: RunningRequest, progress: Progress): RequestBody {
  const request = {
    sent: (bytes: number): void => {
      progress.isSent = true;
      running.sent(bytes);
    },
  };
  // To take a small body in slices costs as much as to send it.
  const whole = lengthOf(parts) <= smallBody ? Buffer.concat(parts) : undefined;
  const stream =
    whole === undefined
      ? Readable.from(sentSlices(parts, request), { objectMode: false })
      : streamOf(whole, request);
  // A transport that was aborted before it began destroys the body with an error that nobody else listens for.
  stream.on("error", () => undefined);
  return { stream, whole };
}

/** Its bytes count as sent once they are read: a client of the owner's may send without calling the adapter. */
function streamOf(whole: Buffer, { sent }: Pick<RunningRequest, "sent">): Readable {
  const stream = new Readable({
    read: () => {
      sent(whole.byteLength);
      stream.push(whole);
      stream.push(null);
    },
  });
  return stream;
}
