import { type Agent, type IncomingMessage, request as send, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { buffer } from "node:stream/consumers";
import { type Answer, withoutFraming } from "./answer.ts";

/** What a rule is matched against. */
export interface ProxiedRequest {
  readonly method: string;
  /** Path and query, as sent. */
  readonly url: string;
}

/** One request and its answer, in the hands of a fault. */
export class Exchange {
  readonly request: ProxiedRequest;
  readonly #target: URL;
  readonly #agent: Agent;
  readonly #incoming: IncomingMessage;
  readonly #outgoing: ServerResponse;
  /** Kept, since the message forgets it when the client has gone. */
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

  /** Sends the request on as it came, its Host included: a signature covers it. May be called again. */
  async forward(): Promise<Answer> {
    const body = await this.body();
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
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
      buffer(response).then((whole) => resolve(answerFrom(response, whole)), reject);
    });
    outgoing.end(body);
    return promise;
  }

  /** The request's body, whole. */
  body(): Promise<Buffer> {
    this.#body ??= buffer(this.#incoming);
    return this.#body;
  }

  /** Waits until some of the request's body has come. */
  async someOfTheBody(): Promise<void> {
    if (this.#incoming.headers["content-length"] === "0") return;
    for await (const part of this.#incoming) if ((part as Buffer).length > 0) return;
  }

  answer(answer: Answer): void {
    this.#head(answer, answer.body.length);
    this.#outgoing.end(answer.body);
  }

  /** The head of the answer and half of its body; without a body a part of the head. The rest never comes. */
  async half(answer: Answer): Promise<void> {
    const sent = Promise.withResolvers<void>();
    const { status, body } = answer;
    if (body.length === 0) {
      this.#socket.write(`HTTP/1.1 ${status} \r\nContent-`, () => sent.resolve());
    } else {
      this.#head(answer, body.length);
      this.#outgoing.write(body.subarray(0, body.length >> 1), () => sent.resolve());
    }
    await sent.promise;
  }

  /** Cuts the connection: what the client sees is a reset. */
  reset(): void {
    this.#socket.resetAndDestroy();
  }

  #head(answer: Answer, length: number): void {
    this.#outgoing.writeHead(answer.status, [
      ...withoutFraming(answer).flat(),
      "Content-Length",
      String(length),
    ]);
  }
}

function answerFrom(response: IncomingMessage, body: Buffer): Answer {
  const headers: [string, string][] = [];
  const raw = response.rawHeaders;
  for (let at = 0; at < raw.length; at += 2) headers.push([raw[at] ?? "", raw[at + 1] ?? ""]);
  return { status: response.statusCode ?? 0, headers, body };
}
