import { EventEmitter } from "node:events";
import { Readable, Transform } from "node:stream";
import { type RunningRequest, sentSlices } from "@state/core/adapter";
import { type Command, type MiddlewareStack, stackOf } from "./commands.ts";
import { identityOf } from "./credentials.ts";
import type { WireRequest } from "./direct/template.ts";

/** What a request has sent of itself. */
export class Sent {
  readonly #known: readonly string[];
  #headers: Readonly<Record<string, string>> | undefined;
  /** What came without the SDK's pipeline, and is still to be read by it. */
  response: WireResponse | undefined;

  /** @param known texts that no message may hold */
  constructor(known: readonly string[]) {
    this.#known = known;
  }

  note(headers: Readonly<Record<string, string>>): void {
    this.#headers = headers;
  }

  /**
   * Whether the request went out. A failure before is not the service's: the source of credentials may respond with 400
   * too.
   */
  get isSent(): boolean {
    return this.#headers !== undefined;
  }

  /** The access key's id and the session token that it was signed by. */
  get identity(): string | undefined {
    const [, keyId] = /Credential=([^/,\s]+)/.exec(this.#headers?.["authorization"] ?? "") ?? [];
    return keyId === undefined ? undefined : identityOf(keyId, this.#headers?.["x-amz-security-token"] ?? "");
  }

  /** Its signature and its token too. */
  get secrets(): readonly string[] {
    const { authorization = "", "x-amz-security-token": token = "" } = this.#headers ?? {};
    const [, signature = ""] = /Signature=([^,\s]+)/.exec(authorization) ?? [];
    return [...this.#known, token, signature];
  }
}

/** A body that is larger is sent in slices, so that its progress is seen. */
const wholeBytes = 128 * 1024;
/** What a response may have that is no object: a page of 1,000 keys has about 1.5 MB. */
const longestPage = 32 * 2 ** 20;
const longestError = 256 * 1024;

/** A response as the SDK's handler has it. */
export interface WireResponse {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  body?: unknown;
}

/**
 * Watches one command where it meets the wire: notes what is sent, counts the progress in both directions, and reads no
 * response beyond what is allowed. If there is a response already, nothing is sent.
 */
export function watch(command: Command, request: RunningRequest, sent: Sent, isGet: boolean): void {
  const stack = stackOf(command);
  stack.add(
    (next) => async (args) => {
      const result = sent.response === undefined ? await next(outgoing(args, request, sent)) : sent;
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
 * Adds a listener for errors to a response's body: if it breaks before it is read, or is never read, its error would end
 * the process.
 */
function guard(body: unknown): void {
  if (body instanceof EventEmitter) body.on("error", () => undefined);
}

/** The SDK's stream that compares checksums has no listener either. */
function guardBody(stack: MiddlewareStack): void {
  stack.add(
    (next) => async (args) => {
      const result = await next(args);
      guard(Reflect.get(Object(result.output), "Body"));
      return result;
    },
    { step: "deserialize", priority: "high" },
  );
}

/** The request, noted and with its body in slices. */
function outgoing<T extends { readonly request: unknown }>(args: T, request: RunningRequest, sent: Sent): T {
  const wire = args.request as { headers: Record<string, string>; body?: unknown };
  sent.note(wire.headers);
  wire.body = inSlices(wire.body, request);
  return args;
}

/** Sends a request without the SDK's pipeline, by its handler: the connections, proxies and TLS are the client's. */
export async function sendWire(
  wire: WireRequest,
  handler: WireHandler,
  request: RunningRequest,
  sent: Sent,
): Promise<WireResponse> {
  const args = outgoing({ request: wire }, request, sent);
  const { response } = await handler.handle(args.request, { abortSignal: request.signal });
  request.received();
  guard(response.body);
  sent.response = response;
  return response;
}

/** The SDK's handler, or the owner's. */
export interface WireHandler {
  handle(request: WireRequest, options: { abortSignal: AbortSignal }): Promise<{ response: WireResponse }>;
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
        done(tooLong(limit));
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

function tooLong(limit: number): Error {
  return new Error(`the response is longer than ${limit} bytes`);
}

/**
 * The text of a page that came without the SDK's pipeline; `undefined` for any other response than a 200. The SDK can still
 * read it.
 */
export async function readText(response: WireResponse, request: RunningRequest): Promise<string | undefined> {
  if (response.statusCode !== 200 || !(response.body instanceof Readable)) return undefined;
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of response.body as AsyncIterable<Uint8Array>) {
    request.received();
    length += part.byteLength;
    if (length > longestPage) throw tooLong(longestPage);
    parts.push(part);
  }
  const bytes = Buffer.concat(parts);
  response.body = bytes;
  return bytes.toString();
}
