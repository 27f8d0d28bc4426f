import { Readable } from "node:stream";
import type { AuthClient } from "google-auth-library";
import type { Answer } from "./answer.ts";
import { failed, wireFailure } from "./errors.ts";
import type { Place } from "./errors.ts";

type GaxiosOptions = Parameters<AuthClient["request"]>[0];

/** What sends a request with credentials: a `GoogleAuth`, or one of its clients. */
export interface Requester {
  request(options: GaxiosOptions): Promise<{
    readonly status: number;
    /** A plain object from clients that were built on gaxios 6. */
    readonly headers: Headers | Record<string, string>;
    readonly data: unknown;
  }>;
}

export interface Request {
  readonly method: "GET" | "POST" | "DELETE";
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Sent one after the other, none of them copied. */
  readonly body?: readonly Uint8Array[] | undefined;
}

/** How long nothing may move: neither credentials, nor a byte up or down. */
export const idleLimitMs = 30_000;
/** Small enough that a slow line moves one within the limit. */
const sliceBytes = 256 * 1024;

/** Makes one request, and reads its answer whole. Every status is an answer; what rejects is a `StoreError`, or the signal's reason. */
export async function exchange(
  client: Requester,
  request: Request,
  place: Place,
  signal: AbortSignal | undefined,
): Promise<Answer> {
  signal?.throwIfAborted();
  // Not the caller's signal: the transport leaves its listener on a signal when a body breaks off.
  const attempt = new AbortController();
  const { promise: stopped, reject } = Promise.withResolvers<never>();
  const stop = (reason: unknown): void => {
    reject(reason);
    attempt.abort();
  };
  const onAbort = (): void => stop(signal?.reason);
  const idle = setTimeout(
    () => stop(Object.assign(new Error(`nothing moved for ${idleLimitMs} ms`), { code: "ETIMEDOUT" })),
    idleLimitMs,
  );
  let isSent = false;
  const moved = (): void => {
    isSent = true;
    idle.refresh();
  };
  const body = request.body === undefined ? undefined : bodyOf(request.body, moved);
  signal?.addEventListener("abort", onAbort);
  try {
    const options = optionsOf(request, body, attempt.signal, moved);
    return await Promise.race([answerTo(client, options, place, moved), stopped]);
  } catch (error) {
    throw signal?.aborted === true ? signal.reason : wireFailure(error, place, request.url, isSent);
  } finally {
    clearTimeout(idle);
    signal?.removeEventListener("abort", onAbort);
    // An answer may come before the body is sent. The rest of it is the caller's again.
    body?.destroy();
  }
}

function optionsOf(
  request: Request,
  body: Readable | undefined,
  signal: AbortSignal,
  moved: () => void,
): GaxiosOptions {
  const length = (request.body ?? []).reduce((sum, { byteLength }) => sum + byteLength, 0);
  return {
    method: request.method,
    url: request.url,
    // Whatever the bucket's objects are stored as, it is those bytes that the checksums are of.
    headers: {
      "accept-encoding": "identity",
      ...request.headers,
      ...(body === undefined ? {} : { "content-length": String(length) }),
    },
    ...(body === undefined ? {} : { data: body }),
    signal,
    responseType: "stream",
    // Each way in which one call could become two requests: retries, those of a client's own defaults, redirects, and
    // a new token after a 401 or 403, which is only fetched when a status rejects.
    retry: false,
    retryConfig: { retry: 0, noResponseRetries: 0, shouldRetry: () => false },
    redirect: "manual",
    validateStatus: () => {
      moved();
      return true;
    },
  };
}

async function answerTo(
  client: Requester,
  options: GaxiosOptions,
  place: Place,
  moved: () => void,
): Promise<Answer> {
  const { status, headers, data } = await client.request(options);
  moved();
  const chunks: Uint8Array[] = [];
  if (isStream(data)) {
    try {
      for await (const chunk of data) {
        moved();
        if (chunk instanceof Uint8Array) chunks.push(chunk);
      }
    } catch (error) {
      throw new BrokenAnswer(error);
    }
  } else if (data !== "" && data !== null && data !== undefined) {
    // Taken for no body, it would be an answer that was never given.
    throw failed(place, "the client's transport gave its answer not as the stream that it was asked for");
  }
  return { status, headers: new Headers(headers), chunks };
}

/** Node's, or where the transport is the global fetch, the web's. */
function isStream(data: unknown): data is AsyncIterable<unknown> {
  return typeof data === "object" && data !== null && Symbol.asyncIterator in data;
}

/** A body that broke off: whatever it broke off with, the network is to blame. */
class BrokenAnswer extends Error {
  readonly code: string = "ECONNRESET";

  constructor(cause: unknown) {
    super(`the answer broke off: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

function bodyOf(parts: readonly Uint8Array[], moved: () => void): Readable {
  function* slices(): Generator<Uint8Array> {
    for (const part of parts) {
      for (let from = 0; from < part.byteLength; from += sliceBytes) {
        moved();
        yield part.subarray(from, from + sliceBytes);
      }
    }
  }
  return Readable.from(slices(), { objectMode: false });
}
