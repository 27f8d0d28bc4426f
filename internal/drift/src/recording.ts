import { type Answer, type Fault, Proxy, type ProxiedRequest } from "@state/servers/proxy";

/** A request as it was sent, and the server's answer. */
export interface Recorded {
  readonly request: ProxiedRequest;
  readonly answer: Answer;
}

/** Something to say to a server, by whatever client. It may be said to several, and then is the same each time. */
export interface Saying<Speaker> {
  readonly title: string;
  /** How many requests of the double's it is. Default 1. */
  readonly requests?: number;
  readonly say: (speaker: Speaker) => Promise<unknown>;
}

/** Says everything, one thing after the other, through a proxy that records every request and its response. */
export async function record<Speaker extends { readonly end: () => Promise<void> }>(
  target: string,
  sayings: readonly Saying<Speaker>[],
  open: (endpoint: string) => Speaker,
): Promise<ReadonlyMap<string, readonly Recorded[]>> {
  const proxy = await Proxy.start(target);
  let heard: Recorded[] = [];
  const listen: Fault = async (exchange) => {
    const answer = await exchange.forward();
    heard.push({ request: exchange.request, answer });
    exchange.answer(answer);
  };
  proxy.fail(() => true, listen, Number.POSITIVE_INFINITY);
  const records = new Map<string, readonly Recorded[]>();
  const speaker = open(proxy.endpoint);
  try {
    for (const { title, say } of sayings) {
      heard = [];
      // A refusal is a response like any other, and what the proxy recorded is what counts.
      const [said] = await Promise.allSettled([say(speaker)]);
      if (heard.length === 0) {
        throw new Error(`${title}: nothing was sent`, {
          cause: said.status === "rejected" ? said.reason : undefined,
        });
      }
      records.set(title, heard);
    }
    heard = [];
    await speaker.end();
    if (proxy.problems.length > 0) throw new AggregateError(proxy.problems, "the proxy had problems");
    return records;
  } finally {
    await proxy.stop();
  }
}
