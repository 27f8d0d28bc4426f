import { type Agent, type IncomingMessage, request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { pipeline, type Readable } from "node:stream";
import { constants, createUnzip } from "node:zlib";
import { fieldOf, type RunningRequest } from "@state/core/adapter";

/** A request as the SDK's transport has prepared it: since gaxios 7 in this form. */
interface Prepared {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly agent: Agent;
  readonly signal: AbortSignal;
}

/** The body of a request; `whole` if it is small. */
export interface RequestBody {
  readonly stream: Readable;
  readonly whole: Buffer | undefined;
}

/** The options of a transport that are carried out before a request is sent. */
const knownDefaults: ReadonlySet<string> = new Set([
  "agent",
  "baseURL",
  "cert",
  "errorRedactor",
  "headers",
  "key",
  "noProxy",
  "params",
  "proxy",
  "retry",
  "retryConfig",
  "timeout",
]);

/**
 * Why a request that is prepared has to be sent by the SDK's `fetch`; `undefined` if `sendByNode` does the same, for about
 * half of the CPU.
 *
 * @param client the SDK's, whose transport it is
 */
export function needOfFetch(
  client: object,
  prepared: object,
  body: RequestBody | undefined,
): string | undefined {
  const transport = fieldOf(client, "transporter");
  const defaults = Object(fieldOf(transport, "defaults")) as object;
  const unknown = Object.keys(defaults).find(
    (name) => !knownDefaults.has(name) && fieldOf(defaults, name) !== undefined,
  );
  if (unknown !== undefined) return `the transport has the option ${unknown}`;
  if (!isStock(transport)) return "the transport is a class of the owner's";
  if (!hasStockInterceptors(client, transport)) return "the transport has interceptors of responses";
  if ("window" in globalThis) return "there is a window, whose fetch the SDK takes";
  const { url, headers, agent } = prepared as Partial<Prepared>;
  if (!(url instanceof URL && headers instanceof Headers)) return "the SDK is older than its version 8";
  if (typeof agent !== "object") return "the agent is chosen by a function";
  return fieldOf(prepared, "body") === body?.stream ? undefined : "the transport sends another body";
}

/** Whether it is a `Gaxios`, of any copy and name: its class extends none. */
function isStock(transport: unknown): boolean {
  const stock: unknown = Object.getPrototypeOf(Object(transport));
  return (
    Object.getPrototypeOf(stock) === Object.prototype &&
    Object.hasOwn(Object(stock), "_defaultAdapter") &&
    !Object.hasOwn(Object(transport), "_defaultAdapter")
  );
}

/** The SDK's own one writes a log. One of the owner's may need what `fetch` returns. */
function hasStockInterceptors(client: object, transport: unknown): boolean {
  const all = fieldOf(fieldOf(transport, "interceptors"), "response");
  const own: unknown = Reflect.get(client.constructor, "DEFAULT_RESPONSE_INTERCEPTOR");
  return all instanceof Set && [...all].every((each) => each === own);
}

/** Sends a prepared request by Node's own client. The response is in the form of the SDK's. */
export function sendByNode(
  prepared: object,
  body: RequestBody | undefined,
  running: Pick<RunningRequest, "sent">,
): Promise<object> {
  const { method, url, headers, agent, signal } = prepared as Prepared;
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const request = url.protocol === "https:" ? httpsRequest : httpRequest;
    const sent = request(url, { method, headers: { accept: "*/*", ...Object.fromEntries(headers) }, agent });
    signal.addEventListener("abort", () => sent.destroy(), { once: true });
    sent.on("error", reject);
    sent.on("response", (incoming) => {
      // It may have come before the request was sent. Then its connection is of no more use.
      incoming.on("close", () => {
        if (!sent.writableFinished) sent.destroy();
      });
      resolve({
        config: prepared,
        status: incoming.statusCode,
        headers: readable(incoming),
        data: decoded(incoming),
      });
    });
    if (body === undefined) sent.end();
    else if (body.whole === undefined) body.stream.pipe(sent);
    else {
      running.sent(body.whole.byteLength);
      sent.end(body.whole);
    }
  });
}

function readable({ headers }: IncomingMessage): Pick<Headers, "get" | "has"> {
  return {
    get: (name) => {
      const value = headers[name];
      return value === undefined ? null : String(value);
    },
    has: (name) => headers[name] !== undefined,
  };
}

/** As `fetch` gives it: what something on the way has compressed, though it was not asked to, is decompressed. */
function decoded(incoming: IncomingMessage): Readable {
  const encoding = incoming.headers["content-encoding"]?.toLowerCase() ?? "";
  if (!["gzip", "x-gzip", "deflate"].includes(encoding)) return incoming;
  // Bytes that were cut are no error of their own: their hash is another one.
  const unzip = createUnzip({ finishFlush: constants.Z_SYNC_FLUSH });
  return pipeline(incoming, unzip, () => undefined);
}
