import { EventEmitter } from "node:events";
import { Readable, Transform } from "node:stream";
import type { S3Client } from "@aws-sdk/client-s3";
import {
  type Pool,
  poolOf,
  redactorOf,
  type RunningRequest,
  runRequest,
  sentSlices,
  type StoreCall,
} from "@state/core/adapter";
import type { StoreClient } from "./client.ts";
import { identityOf, Renewal } from "./credentials.ts";
import { fromSdk, serviceCodeOf, toStoreError, unsentError } from "./errors.ts";

export interface RequesterOptions {
  readonly store: string;
  readonly client: StoreClient;
  readonly idleTimeoutMs: number;
  /** Texts that no message may hold, beside what the SDK signs by. */
  readonly secrets: readonly string[];
}

/** One request of the store. */
export interface S3Request extends RunningRequest {
  /** What its errors name. */
  readonly call: StoreCall;
  /** Sends one command once. Rejects with S3's response as the SDK reads it, or with a `StoreError` if there was none. */
  readonly send: S3Client["send"];
}

/** Sends the requests of one store, each once. */
export class Requester {
  readonly #options: RequesterOptions;
  readonly #renewal: Renewal;
  /** A request that waits for a connection passes no byte, and must not be given up for that. */
  readonly #pool: Pool;
  #hadCredentials = false;

  constructor(options: RequesterOptions) {
    this.#options = options;
    this.#renewal = new Renewal(options.client.client);
    this.#pool = poolOf(options.client.connections);
  }

  get client(): S3Client {
    return this.#options.client.client;
  }

  /** Runs one request. Rejects with a `StoreError`, or with the signal's own reason. */
  async run<T>(
    operation: StoreCall["operation"],
    key: string,
    signal: AbortSignal | undefined,
    work: (request: S3Request) => Promise<T>,
  ): Promise<T> {
    const { store, client, idleTimeoutMs, secrets } = this.#options;
    const sent: Sent = { isSent: false, identity: undefined, secrets: [...secrets] };
    const call: StoreCall = { store, operation, key, redact: (text) => redactorOf(sent.secrets)(text) };
    const onSilent = (): void => client.endIdle();
    const run = (request: RunningRequest): Promise<T> => {
      const send = ((command: Command) => this.#send(command, request, sent, call)) as S3Client["send"];
      return work({ ...request, call, send });
    };
    try {
      return await runRequest(
        (outer) => this.#pool(() => runRequest(run, { signal: outer.signal, idleTimeoutMs, onSilent })),
        { signal },
      );
    } catch (error) {
      throw signal?.aborted === true ? signal.reason : toStoreError(error, call);
    }
  }

  async #send(command: Command, request: RunningRequest, sent: Sent, call: StoreCall): Promise<unknown> {
    watch(command, request, sent, call.operation === "get");
    try {
      const response: unknown = await this.client.send(command as never, { abortSignal: request.signal });
      this.#hadCredentials = true;
      return response;
    } catch (error) {
      if (!sent.isSent) throw this.#unsent(error, call);
      if (await this.#hasOtherCredentials(serviceCodeOf(error), sent, call)) {
        const advice = "the credentials were refused, and there are others now";
        throw fromSdk(error, call, { code: "Unavailable", advice });
      }
      throw error;
    }
  }

  async #hasOtherCredentials(code: string | undefined, sent: Sent, call: StoreCall): Promise<boolean> {
    try {
      return await this.#renewal.hasOthers(code ?? "", sent.identity);
    } catch (error) {
      throw this.#unsent(error, call);
    }
  }

  #unsent(error: unknown, call: StoreCall): Error {
    return unsentError(error, call, { environment: process.env, hadSome: this.#hadCredentials });
  }
}

/** Any command of the SDK. */
interface Command {
  readonly middlewareStack: object;
}

/** What a request has sent of itself. */
interface Sent {
  /**
   * Whether the request went out. A failure before is not the service's: the source of credentials may respond with 400
   * too.
   */
  isSent: boolean;
  /** The access key's id and the session token that it was signed by. */
  identity: string | undefined;
  /** Its signature and its token, which no message may hold. */
  readonly secrets: string[];
}

/** A body that is larger is sent in slices, so that its progress is seen. */
const wholeBytes = 128 * 1024;
/** What a response may have that is no object: a page of 1,000 keys has about 1.5 MB. */
const longestPage = 32 * 2 ** 20;
const longestError = 256 * 1024;

interface WireRequest {
  headers: Record<string, string>;
  body?: unknown;
}

interface WireResponse {
  statusCode: number;
  body?: unknown;
}

/**
 * Watches one command where it meets the wire: notes what is sent, counts the progress in both directions, and reads no
 * response beyond what is allowed.
 */
function watch(command: Command, request: RunningRequest, sent: Sent, isGet: boolean): void {
  const stack = command.middlewareStack as unknown as MiddlewareStack;
  stack.add(
    (next) => async (args) => {
      const wire = args.request as WireRequest;
      note(sent, wire.headers);
      wire.body = inSlices(wire.body, request);
      const result = await next(args);
      request.received();
      const response = result.response as WireResponse;
      if (!(isGet && response.statusCode === 200))
        response.body = bounded(
          response.body,
          response.statusCode < 300 ? longestPage : longestError,
          request,
        );
      return result;
    },
    // The innermost: the request is signed, and the response is not read.
    { step: "deserialize", priority: "low" },
  );
  if (isGet) guardBody(stack);
}

/**
 * Adds a listener for errors to the response's body. The SDK's stream that compares checksums has
 * none: if the body breaks before it is read, or is never read, its error would end the process.
 */
function guardBody(stack: MiddlewareStack): void {
  stack.add(
    (next) => async (args) => {
      const result = await next(args);
      const body: unknown = Reflect.get(Object(result.output), "Body");
      if (body instanceof EventEmitter) body.on("error", () => undefined);
      return result;
    },
    { step: "deserialize", priority: "high" },
  );
}

interface MiddlewareStack {
  add(
    middleware: (
      next: (args: { request: unknown }) => Promise<{ response: unknown; output?: unknown }>,
    ) => (args: { request: unknown }) => Promise<{ response: unknown; output?: unknown }>,
    options: { step: "deserialize"; priority: "low" | "high" },
  ): void;
}

function note(sent: Sent, headers: Readonly<Record<string, string>>): void {
  sent.isSent = true;
  const authorization = headers["authorization"] ?? "";
  const token = headers["x-amz-security-token"] ?? "";
  const [, keyId = ""] = /Credential=([^/,\s]+)/.exec(authorization) ?? [];
  const [, signature = ""] = /Signature=([^,\s]+)/.exec(authorization) ?? [];
  sent.identity = keyId === "" ? undefined : identityOf(keyId, token);
  sent.secrets.push(token, signature);
}

function inSlices(body: unknown, request: RunningRequest): unknown {
  if (!(body instanceof Uint8Array) || body.byteLength <= wholeBytes) return body;
  return Readable.from(sentSlices([body], request), { objectMode: false });
}

/** The same stream, which ends with an error once it has more than `limit` bytes. */
function bounded(body: unknown, limit: number, request: RunningRequest): unknown {
  if (!(body instanceof Readable)) return body;
  let bytes = 0;
  const counted = new Transform({
    transform: (chunk: Uint8Array, _encoding, done) => {
      request.received();
      bytes += chunk.byteLength;
      if (bytes > limit) {
        body.destroy();
        done(new Error(`the response is longer than ${limit} bytes`));
      } else {
        done(null, chunk);
      }
    },
  });
  // An error after the response was read, or refused, has no other listener.
  counted.on("error", () => undefined);
  body.on("error", (error) => counted.destroy(error));
  body.on("close", () => {
    if (!body.readableEnded) counted.destroy(new Error("the response broke off"));
  });
  return body.pipe(counted);
}
