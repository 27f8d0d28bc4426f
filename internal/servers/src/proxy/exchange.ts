import { type Agent, type IncomingMessage, request as send, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { buffer } from "node:stream/consumers";
import { type HttpResponse, withoutFraming } from "./http-response.ts";

/** What a rule is matched against. */
export interface ProxiedRequest {
  readonly method: string;
  /** Path and query, as sent. */
  readonly url: string;
}

/** One request on its way through the proxy, and what a fault can do to it. */
export class Exchange {
  readonly request: ProxiedRequest;
  readonly #target: URL;
  readonly #agent: Agent;
  readonly #incoming: IncomingMessage;
  readonly #outgoing: ServerResponse;
  /** Kept here: the message drops its socket when the client has gone. */
  readonly #socket: Socket;
  #body: Promise<Buffer> | undefined;

  constructor(target: URL, agent: Agent, incoming: IncomingMessage, outgoing: ServerResponse) {
    this.request = { method: incoming.method ?? "", url: incoming.url ?? "" };
    this.#target = target;
    this.#agent = agent;
    this.#incoming = incoming;
    this.#outgoing = outgoing;
    this.#socket = incoming.socket;
  }

  /**
   * Sends the request to the server as it came, its Host included: a signature covers it. Each call
   * sends it once more.
   */
  async forward(): Promise<HttpResponse> {
    const body = await this.body();
    const { promise, resolve, reject } = Promise.withResolvers<HttpResponse>();
    const headers = this.#incoming.rawHeaders;
    const outgoing = send({
      agent: this.#agent,
      hostname: this.#target.hostname,
      port: this.#target.port,
      method: this.request.method,
      path: this.request.url,
      headers,
      setHost: false,
    });
    outgoing.on("error", reject);
    outgoing.on("response", (response) => {
      buffer(response).then((whole) => resolve(responseFrom(response, whole)), reject);
    });
    outgoing.end(body);
    return promise;
  }

  /** The whole body of the request. */
  body(): Promise<Buffer> {
    this.#body ??= buffer(this.#incoming);
    return this.#body;
  }

  /** Waits until a part of the request's body has come. */
  async partOfBody(): Promise<void> {
    if (this.#incoming.headers["content-length"] === "0") return;
    for await (const part of this.#incoming) if ((part as Buffer).length > 0) return;
  }

  respond(response: HttpResponse): void {
    this.#head(response, response.body.length);
    this.#outgoing.end(response.body);
  }

  /**
   * Sends the head of the response and half of its body, or without a body a part of the head. The
   * rest never comes.
   */
  async respondHalf(response: HttpResponse): Promise<void> {
    const sent = Promise.withResolvers<void>();
    const { status, body } = response;
    if (body.length === 0) {
      this.#socket.write(`HTTP/1.1 ${status} \r\nContent-`, () => sent.resolve());
    } else {
      this.#head(response, body.length);
      this.#outgoing.write(body.subarray(0, body.length >> 1), () => sent.resolve());
    }
    await sent.promise;
  }

  /** Cuts the connection: the client sees a reset. */
  reset(): void {
    this.#socket.resetAndDestroy();
  }

  #head(response: HttpResponse, length: number): void {
    this.#outgoing.writeHead(response.status, [
      ...withoutFraming(response).flat(),
      "Content-Length",
      String(length),
    ]);
  }
}

function responseFrom(response: IncomingMessage, body: Buffer): HttpResponse {
  const headers: [string, string][] = [];
  const raw = response.rawHeaders;
  for (let at = 0; at < raw.length; at += 2) headers.push([raw[at] ?? "", raw[at + 1] ?? ""]);
  return { status: response.statusCode ?? 0, headers, body };
}
