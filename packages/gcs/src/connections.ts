import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { endIdle } from "@state/core/adapter";

/**
 * The connections that a store's requests share. They are of an agent of the store's own, unless the client's transport has
 * one, or the environment names a proxy: then the SDK has chosen an agent already.
 */
export class Connections {
  readonly #own: HttpAgent;
  /** `host:port:`, as an agent's names of connections begin. */
  readonly #host: string;
  #used: unknown;

  constructor(endpoint: string) {
    const { hostname, port, protocol } = new URL(endpoint);
    const isSecure = protocol === "https:";
    // As Node's own agent has them: an idle connection ends after 5 s.
    const options = { keepAlive: true, scheduling: "lifo", timeout: 5_000 } as const;
    this.#own = isSecure ? new HttpsAgent(options) : new HttpAgent(options);
    this.#used = this.#own;
    this.#host = `${hostname.replaceAll(/[[\]]/g, "")}:${port || (isSecure ? "443" : "80")}:`;
  }

  /** The agent to send a request with. */
  agentOf(chosen: unknown): unknown {
    this.#used = chosen ?? this.#own;
    return this.#used;
  }

  /** Ends the connections to the service that no request uses. Others of a client's agent are left alone. */
  endIdle(): void {
    endIdle(this.#used, this.#host);
  }

  /** Ends all connections of the store's own agent. A later request opens one. */
  close(): void {
    this.#own.destroy();
  }
}
