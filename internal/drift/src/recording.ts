import type { Server } from "@state/servers";
import { type Fault, type HttpResponse, Proxy, type ProxiedRequest } from "@state/servers/proxy";

/** A request as it was sent, and the response to it. */
export interface Recorded {
  readonly request: ProxiedRequest;
  readonly response: HttpResponse;
}

/** What a server was sent for each probe, by the title of the probe. */
export type Recording = ReadonlyMap<string, readonly Recorded[]>;

/** The same probes, sent to a double and to the server that it stands for. */
export interface Recordings {
  /** The prefix of every name in the requests; another in each run. */
  readonly root: string;
  readonly double: Recording;
  readonly server: Recording;
}

/** A request, or a few that belong together, that is sent to each server in the same way. */
export interface Probe<Clients> {
  readonly title: string;
  /** How many requests the double gets. Default 1. */
  readonly requests?: number;
  readonly send: (clients: Clients) => Promise<unknown>;
}

/** The clients that probes are sent by. */
interface Closable {
  /** Deletes what the probes have stored, and closes the clients. */
  readonly end: () => Promise<void>;
}

/** Sends the probes to the double and to the server, and stops the double. */
export async function recordAll<Clients extends Closable>(
  root: string,
  double: Server,
  serverEndpoint: string,
  probes: readonly Probe<Clients>[],
  open: (endpoint: string) => Clients,
): Promise<Recordings> {
  try {
    return {
      root,
      double: await record(double.endpoint, probes, open),
      server: await record(serverEndpoint, probes, open),
    };
  } finally {
    await double.stop();
  }
}

/** Sends the probes one after another, through a proxy that records each request and its response. */
export async function record<Clients extends Closable>(
  target: string,
  probes: readonly Probe<Clients>[],
  open: (endpoint: string) => Clients,
): Promise<Recording> {
  const proxy = await Proxy.start(target);
  let recorded: Recorded[] = [];
  const forward: Fault = async (exchange) => {
    const response = await exchange.forward();
    recorded.push({ request: exchange.request, response });
    exchange.respond(response);
  };
  proxy.fail(() => true, forward, Number.POSITIVE_INFINITY);
  const recording = new Map<string, readonly Recorded[]>();
  const clients = open(proxy.endpoint);
  try {
    for (const { title, send } of probes) {
      recorded = [];
      // The client may reject: a refusal is a response like any other, and the proxy has recorded it.
      const [outcome] = await Promise.allSettled([send(clients)]);
      if (recorded.length === 0) {
        throw new Error(`${title}: nothing was sent`, {
          cause: outcome.status === "rejected" ? outcome.reason : undefined,
        });
      }
      recording.set(title, recorded);
    }
    recorded = [];
    await clients.end();
    if (proxy.problems.length > 0) throw new AggregateError(proxy.problems, "the proxy had problems");
    return recording;
  } finally {
    await proxy.stop();
  }
}
