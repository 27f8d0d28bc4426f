import { Readable } from "node:stream";
import type { GaxiosOptions, Requester } from "./client.ts";
import type { ServiceResponse } from "./response.ts";
import { requestError, storeError } from "./errors.ts";
import type { Operation } from "./errors.ts";

export interface ServiceRequest {
  readonly method: "GET" | "POST" | "DELETE";
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Sent one after the other, without a copy. */
  readonly body?: readonly Uint8Array[] | undefined;
}

/** How long a request may make no progress: no credentials, and no byte sent or received. */
export const idleTimeoutMs = 30_000;
/** Small enough that a slow line sends one within the time-out. */
const sliceBytes = 256 * 1024;

/**
 * Sends one request, and reads its response whole, whatever its status.
 *
 * Rejects with a `StoreError`, or with the signal's reason.
 */
export async function sendRequest(
  client: Requester,
  request: ServiceRequest,
  operation: Operation,
  signal: AbortSignal | undefined,
): Promise<ServiceResponse> {
  signal?.throwIfAborted();
  // The transport never gets the caller's signal: if a body breaks off, it leaves its listener
  // there.
  const controller = new AbortController();
  const { promise: stopped, reject } = Promise.withResolvers<never>();
  const stop = (reason: unknown): void => {
    reject(reason);
    controller.abort();
  };
  const onAbort = (): void => stop(signal?.reason);
  const idleTimer = setTimeout(
    () => stop(Object.assign(new Error(`no progress for ${idleTimeoutMs} ms`), { code: "ETIMEDOUT" })),
    idleTimeoutMs,
  );
  let isSent = false;
  const onProgress = (): void => {
    isSent = true;
    idleTimer.refresh();
  };
  const body = request.body === undefined ? undefined : bodyStream(request.body, onProgress);
  signal?.addEventListener("abort", onAbort);
  try {
    const options = optionsOf(request, body, controller.signal, onProgress);
    return await Promise.race([responseTo(client, options, operation, onProgress), stopped]);
  } catch (error) {
    throw signal?.aborted === true ? signal.reason : requestError(error, operation, request.url, isSent);
  } finally {
    clearTimeout(idleTimer);
    signal?.removeEventListener("abort", onAbort);
    // A response may arrive before the body is sent. Then nothing more of the caller's bytes is
    // read.
    body?.destroy();
  }
}

function optionsOf(
  request: ServiceRequest,
  body: Readable | undefined,
  signal: AbortSignal,
  onProgress: () => void,
): GaxiosOptions {
  const length = (request.body ?? []).reduce((sum, { byteLength }) => sum + byteLength, 0);
  return {
    method: request.method,
    url: request.url,
    // The stored hashes are of the bytes as they are stored, so that these must not be encoded on
    // the way.
    headers: {
      "accept-encoding": "identity",
      ...request.headers,
      ...(body === undefined ? {} : { "content-length": String(length) }),
    },
    ...(body === undefined ? {} : { data: body }),
    signal,
    responseType: "stream",
    // One call must be one request. So there are no retries, not even by a client's own defaults,
    // no redirects, and no second request with a new token after a 401 or 403: that is sent only if
    // the status rejects.
    retry: false,
    retryConfig: { retry: 0, noResponseRetries: 0, shouldRetry: () => false },
    redirect: "manual",
    validateStatus: () => {
      onProgress();
      return true;
    },
  };
}

async function responseTo(
  client: Requester,
  options: GaxiosOptions,
  operation: Operation,
  onProgress: () => void,
): Promise<ServiceResponse> {
  const { status, headers, data } = await client.request(options);
  onProgress();
  const chunks: Uint8Array[] = [];
  if (isStream(data)) {
    try {
      for await (const chunk of data) {
        onProgress();
        if (chunk instanceof Uint8Array) chunks.push(chunk);
      }
    } catch (error) {
      throw new BrokenResponse(error);
    }
  } else if (data !== "" && data !== null && data !== undefined) {
    // If it were read as an empty body, the service would seem to have sent one.
    throw storeError(
      "Failed",
      operation,
      "the client's transport returned the body not as the requested stream",
    );
  }
  return { status, headers: new Headers(headers), chunks };
}

/** Node's stream, or a web stream, if the transport is the global fetch. */
function isStream(data: unknown): data is AsyncIterable<unknown> {
  return typeof data === "object" && data !== null && Symbol.asyncIterator in data;
}

/**
 * A response whose body broke off. Whatever the transport's error says, it is one of the network.
 */
class BrokenResponse extends Error {
  readonly code: string = "ECONNRESET";

  constructor(cause: unknown) {
    super(`the response broke off: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

function bodyStream(parts: readonly Uint8Array[], onProgress: () => void): Readable {
  function* slices(): Generator<Uint8Array> {
    for (const part of parts) {
      for (let from = 0; from < part.byteLength; from += sliceBytes) {
        onProgress();
        yield part.subarray(from, from + sliceBytes);
      }
    }
  }
  return Readable.from(slices(), { objectMode: false });
}
