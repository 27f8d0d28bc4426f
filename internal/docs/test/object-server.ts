import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

/** What the server does instead of its work, once. */
export type Behaviour =
  | "silence"
  | "half and silence"
  | "half and the end"
  | "a reset"
  | "a proxy's 404"
  | "403"
  | "429"
  | "400"
  | "<html>"
  | "{}";

/** A request that meets a behaviour. */
export interface Met {
  /** Resolves once the request is there, and half of the body is sent if there is one. */
  readonly arrived: Promise<void>;
  /** Resolves once the client has closed the connection. */
  readonly closed: Promise<void>;
}

export interface ObjectServer {
  readonly endpoint: string;
  /** The next request meets the behaviour. */
  next(behaviour: Behaviour): Met;
  stop(): Promise<void>;
}

const pageSize = 1_000;

/** The small service of the guide, in memory: `/store/key`, and `/store?prefix=&delimiter=&after=`. */
export async function startObjectServer(): Promise<ObjectServer> {
  const stores = new Map<string, Map<string, Buffer>>();
  const behaviours: ((response: ServerResponse) => void)[] = [];
  const server = createServer((request, response) => {
    const behave = behaviours.shift();
    if (behave !== undefined) behave(response);
    else void respond(stores, request, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("a server without a port");
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    next: (behaviour) => {
      const arrived = Promise.withResolvers<void>();
      const closed = Promise.withResolvers<void>();
      behaviours.push((response) => {
        response.once("close", closed.resolve);
        misbehave(behaviour, response, arrived.resolve);
      });
      return { arrived: arrived.promise, closed: closed.promise };
    },
    stop: async () => {
      const ended = once(server, "close");
      server.close();
      server.closeAllConnections();
      await ended;
    },
  };
}

function misbehave(behaviour: Behaviour, response: ServerResponse, done: () => void): void {
  if (behaviour === "silence") return done();
  if (behaviour === "a reset") return void response.destroy();
  if (behaviour.startsWith("half")) {
    response.writeHead(200, { "content-length": 1_000 });
    response.write(new Uint8Array(500), () => {
      if (behaviour === "half and the end") response.destroy();
      done();
    });
    return;
  }
  if (behaviour === "<html>" || behaviour === "{}") return void response.end(behaviour);
  response.writeHead(Number(/\d+/.exec(behaviour)?.[0]), behaviour === "429" ? { "retry-after": "7" } : {});
  response.end("no");
}

async function respond(
  stores: Map<string, Map<string, Buffer>>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? "", "http://service");
  const [, store = "", key] = /^\/([^/]+)(?:\/(.*))?$/.exec(url.pathname) ?? [];
  const objects = stores.get(store) ?? new Map<string, Buffer>();
  stores.set(store, objects);
  const parts: Buffer[] = [];
  request.on("data", (part: Buffer) => void parts.push(part));
  // A request that its client has given up never ends, and changes nothing.
  await new Promise((resolve) => request.once("end", resolve));
  const body = key === undefined ? undefined : objects.get(key);
  if (key === undefined) {
    response.end(JSON.stringify(page(objects, url.searchParams)));
  } else if (request.method === "PUT") {
    if (body === undefined) objects.set(key, Buffer.concat(parts));
    response.writeHead(body === undefined ? 201 : 412).end();
  } else if (request.method === "DELETE") {
    objects.delete(key);
    response.writeHead(204).end();
  } else if (body === undefined) {
    response.writeHead(404, { "x-error": "NoSuchKey" }).end();
  } else {
    response.writeHead(200, { "content-length": body.length }).end(body);
  }
}

function page(objects: ReadonlyMap<string, Buffer>, query: URLSearchParams): object {
  const [prefix = "", delimiter = "", after = ""] = ["prefix", "delimiter", "after"].map(
    (name) => query.get(name) ?? "",
  );
  const names = new Set<string>();
  for (const key of objects.keys()) {
    if (!key.startsWith(prefix)) continue;
    const slash = delimiter === "" ? -1 : key.indexOf(delimiter, prefix.length);
    names.add(slash < 0 ? key : key.slice(0, slash + 1));
  }
  const rest = [...names].filter((name) => name > after).toSorted();
  const listed = rest.slice(0, pageSize);
  return {
    objects: listed
      .filter((name) => !name.endsWith("/"))
      .map((name) => ({ name, size: objects.get(name)?.length })),
    prefixes: listed.filter((name) => name.endsWith("/")),
    next: rest.length > pageSize ? listed.at(-1) : undefined,
  };
}
