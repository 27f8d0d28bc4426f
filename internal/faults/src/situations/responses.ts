import { createServer } from "node:https";
import { listenOnLoopback, operationNames, operations, storeErrorOf } from "@state/servers/testing";
import { type RawServer, respondWith, type Script } from "@state/servers/testing";
import { startRawServer, startScriptedServer, untrusted } from "@state/servers/testing";
import type { Kind } from "./situation.ts";

/** What stands where the service should. */
interface Stand {
  readonly title: string;
  /** The code of every operation. */
  readonly code: string;
  /** Starts it; the address is what the store takes for the service's. */
  readonly start: () => Promise<Standing>;
  /** Set where the store has to give up by itself. */
  readonly idleTimeoutMs?: number;
}

interface Standing extends AsyncDisposable {
  readonly endpoint: string;
}

function script(respond: Script): Stand["start"] {
  return () => startScriptedServer(respond);
}

/** Something on TCP that speaks once the first bytes have come. */
function raw(speak: (socket: RawServer["sockets"][number]) => void, scheme = "http"): Stand["start"] {
  return async () => {
    const server = await startRawServer((socket) => {
      socket.once("data", () => speak(socket));
    });
    return { ...server, endpoint: `${scheme}://127.0.0.1:${server.port}` };
  };
}

async function nobody(): Promise<Standing> {
  const server = await startRawServer(() => undefined);
  await server[Symbol.asyncDispose]();
  return { endpoint: `http://127.0.0.1:${server.port}`, [Symbol.asyncDispose]: async () => undefined };
}

async function untrustedServer(): Promise<Standing> {
  const server = createServer(untrusted, (_, response) => response.end());
  server.on("tlsClientError", () => undefined);
  const endpoint = `https://127.0.0.1:${await listenOnLoopback(server)}`;
  return {
    endpoint,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function nginx(status: number, words: string): Stand {
  const title = `${status} ${words}`;
  const page = `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n`;
  return {
    title: `a page of nginx: ${title}`,
    code: status === 429 ? "Throttled" : "Unavailable",
    start: script(respondWith(status, page, { "content-type": "text/html", server: "nginx" })),
  };
}

const loadBalancer = `<?xml version="1.0" encoding="UTF-8"?><Error><Message>no target</Message></Error>`;
const signIn = "<!doctype html><title>Wi-Fi</title><p>Please sign in</p>";

const stands: readonly Stand[] = [
  { title: "nobody listens", code: "Unavailable", start: nobody },
  {
    title: "there is no such host",
    code: "Unavailable",
    start: async () => ({
      endpoint: "http://nowhere.invalid",
      [Symbol.asyncDispose]: async () => undefined,
    }),
  },
  { title: "the connection is reset", code: "Unavailable", start: raw((socket) => socket.resetAndDestroy()) },
  { title: "the connection is closed", code: "Unavailable", start: raw((socket) => socket.end()) },
  {
    title: "the response is no HTTP",
    code: "Unavailable",
    start: raw((socket) => socket.end("220 mail.example ESMTP\r\n")),
  },
  {
    title: "the response breaks off in its head",
    code: "Unavailable",
    start: raw((socket) => {
      socket.write("HTTP/1.1 200 OK\r\ncontent-le");
      socket.end();
    }),
  },
  {
    title: "nothing ever comes",
    code: "Unavailable",
    start: raw(() => undefined),
    idleTimeoutMs: 100,
  },
  {
    title: "a record of TLS that nobody can read",
    code: "Unavailable",
    start: raw((socket) => socket.end(Buffer.alloc(64, 0x15)), "https"),
  },
  {
    title: "the service's port speaks no TLS",
    code: "Unavailable",
    start: raw((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"), "https"),
  },
  { title: "a certificate that nobody trusts", code: "Misconfigured", start: untrustedServer },
  nginx(400, "Bad Request"),
  nginx(401, "Authorization Required"),
  nginx(403, "Forbidden"),
  nginx(404, "Not Found"),
  nginx(405, "Not Allowed"),
  nginx(408, "Request Time-out"),
  nginx(409, "Conflict"),
  nginx(412, "Precondition Failed"),
  nginx(413, "Request Entity Too Large"),
  nginx(421, "Misdirected Request"),
  nginx(429, "Too Many Requests"),
  nginx(499, "Client Closed Request"),
  nginx(500, "Internal Server Error"),
  nginx(501, "Not Implemented"),
  nginx(502, "Bad Gateway"),
  nginx(503, "Service Temporarily Unavailable"),
  nginx(504, "Gateway Time-out"),
  {
    title: "a page of a load balancer that is busy: 503 with Retry-After",
    code: "Throttled",
    start: script(respondWith(503, signIn, { "content-type": "text/html", "retry-after": "7" })),
  },
  ...[400, 403, 404, 412, 503].map((status): Stand => ({
    title: `a load balancer's XML without a code: ${status}`,
    code: "Unavailable",
    start: script(respondWith(status, loadBalancer, { "content-type": "application/xml" })),
  })),
  ...[403, 404, 412, 501].map((status): Stand => ({
    title: `nothing but a status: ${status}`,
    code: "Unavailable",
    start: script(respondWith(status)),
  })),
  {
    title: "a page to sign in at: 200",
    code: "Unavailable",
    start: script(respondWith(200, signIn, { "content-type": "text/html" })),
  },
  {
    title: "a redirect to such a page: 302",
    code: "Unavailable",
    start: script(respondWith(302, "", { location: "http://127.0.0.1:9/sign-in" })),
  },
  {
    title: "a proxy that asks for credentials: 407",
    code: "Unavailable",
    start: script(respondWith(407, signIn, { "proxy-authenticate": "Basic" })),
  },
  {
    title: "an error page without an end",
    code: "Unavailable",
    start: script((_, response) => {
      response.writeHead(502, { "content-type": "text/html" });
      const line = Buffer.alloc(65_536, "x");
      const write = (): void => {
        while (!response.destroyed && response.write(line));
        response.once("drain", write);
      };
      write();
    }),
  },
];

/** Everything may pass, but for what never does. */
export const withoutResponse: Kind = {
  title: "No response of the service",
  situations: stands.map(({ title, code, start, idleTimeoutMs }) => ({
    title,
    outcome: code,
    meet: async (rig) => {
      await using standing = await start();
      const store = rig.open(standing.endpoint, idleTimeoutMs);
      const codes = new Set<string>();
      for (const name of operationNames) codes.add((await storeErrorOf(operations[name](store))).code);
      await store.close?.();
      return [...codes].join(", ");
    },
  })),
};
