import { request as httpRequest } from "node:http";
import { createServer } from "node:https";
import { closeServer, listenOnLoopback } from "../loopback.ts";
import { untrusted } from "./certificate.ts";

/** Speaks TLS, by a certificate that nobody trusts, and hands each request on in plain HTTP. */
export interface TlsFront extends AsyncDisposable {
  readonly endpoint: string;
  /** The methods of the requests that came. */
  readonly methods: readonly string[];
}

/** @param to the endpoint of a server on 127.0.0.1 */
export async function startTlsFront(to: string): Promise<TlsFront> {
  const port = Number(new URL(to).port);
  const methods: string[] = [];
  const server = createServer(untrusted, (request, response) => {
    const { method = "", url = "", headers } = request;
    methods.push(method);
    const onward = httpRequest({ port, method, path: url, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 0, answer.headers);
      answer.pipe(response);
    });
    request.pipe(onward);
  });
  return {
    endpoint: `https://127.0.0.1:${await listenOnLoopback(server)}`,
    methods,
    [Symbol.asyncDispose]: () => closeServer(server),
  };
}
