import { Agent, createServer, type Server as HttpServer } from "node:http";
import { closeServer, listenOnLoopback } from "../loopback.ts";
import type { Server } from "../server.ts";
import { Exchange, type ProxiedRequest } from "./exchange.ts";

/** What happens to a request that a rule matches. */
export type Fault = (exchange: Exchange) => Promise<void> | void;

interface Rule {
  readonly matches: (request: ProxiedRequest) => boolean;
  readonly fault: Fault;
  left: number;
}

/** A proxy in front of a server, which fails the requests that it is told to fail and passes on the rest. */
export class Proxy implements Server {
  readonly endpoint: string;
  /** Every request that came, in its order. */
  readonly requests: ProxiedRequest[] = [];
  /** What went wrong in the proxy itself, or on its way to the server. */
  readonly problems: unknown[] = [];
  readonly #server: HttpServer;
  readonly #agent: Agent = new Agent({ keepAlive: true });
  readonly #rules: Rule[] = [];

  private constructor(server: HttpServer, target: URL, port: number) {
    this.#server = server;
    this.endpoint = `http://127.0.0.1:${port}`;
    server.on("request", (incoming, outgoing) => {
      const exchange = new Exchange(target, this.#agent, incoming, outgoing);
      this.#pass(exchange).catch((error: unknown) => {
        this.problems.push(error);
        exchange.reset();
      });
    });
  }

  static async start(target: string): Promise<Proxy> {
    const server = createServer();
    return new Proxy(server, new URL(target), await listenOnLoopback(server));
  }

  /** The next `times` requests that match meet this fault. An earlier rule comes first. */
  fail(matches: Rule["matches"], fault: Fault, times: number): void {
    this.#rules.push({ matches, fault, left: times });
  }

  /** From now on every request is passed on. */
  heal(): void {
    this.#rules.length = 0;
  }

  async stop(): Promise<void> {
    this.#agent.destroy();
    await closeServer(this.#server);
  }

  async #pass(exchange: Exchange): Promise<void> {
    this.requests.push(exchange.request);
    const rule = this.#rules.find(({ left, matches }) => left > 0 && matches(exchange.request));
    if (rule === undefined) return exchange.respond(await exchange.forward());
    rule.left -= 1;
    await rule.fault(exchange);
  }
}
