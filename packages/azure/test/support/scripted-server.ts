import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from "node:http";
import { ContainerClient, StorageSharedKeyCredential } from "@azure/storage-blob";

export interface Received {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export type Script = (response: ServerResponse, received: Received) => void;

export const accountKey: string = Buffer.from("the key of an account that is not there").toString("base64");
export const credential: StorageSharedKeyCredential = new StorageSharedKeyCredential("account", accountKey);

/** A server on loopback that answers as it is told, and remembers what it was sent. */
export class ScriptedServer {
  readonly received: Received[] = [];
  readonly accountUrl: string;
  connections = 0;
  /** Requests whose head has come. */
  readonly heads: IncomingMessage[] = [];
  #script: Script;
  readonly #server: Server;
  #onHead: (() => void) | undefined;

  private constructor(server: Server, script: Script) {
    this.#server = server;
    this.#script = script;
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("a server without a port");
    this.accountUrl = `http://127.0.0.1:${address.port}/account`;
    server.on("connection", () => (this.connections += 1));
    server.on("request", (request, response) => void this.#answer(request, response));
  }

  static async start(script: Script): Promise<ScriptedServer> {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new ScriptedServer(server, script);
  }

  answer(script: Script): void {
    this.#script = script;
  }

  /** Resolves once the head of a further request has come. */
  async nextHead(): Promise<IncomingMessage> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onHead = resolve;
    await promise;
    const head = this.heads.at(-1);
    if (head === undefined) throw new Error("no request");
    return head;
  }

  container(options: object = {}): ContainerClient {
    return new ContainerClient(`${this.accountUrl}/box`, credential, options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.heads.push(request);
    this.#onHead?.();
    const parts: Buffer[] = [];
    try {
      for await (const part of request) parts.push(Buffer.from(part));
    } catch (error) {
      if (request.destroyed) return;
      throw error;
    }
    const { method = "", url = "", headers } = request;
    const received = { method, url, headers, body: Buffer.concat(parts) };
    this.received.push(received);
    this.#script(response, received);
  }
}

/** A failure as the service writes it. */
export function refuse(
  status: number,
  code: string | undefined,
  headers: Record<string, string> = {},
): Script {
  return (response) => {
    const body =
      code === undefined
        ? ""
        : `<?xml version="1.0"?><Error><Code>${code}</Code><Message>no</Message></Error>`;
    response.writeHead(status, {
      "content-type": "application/xml",
      "x-ms-request-id": "1",
      ...(code === undefined ? {} : { "x-ms-error-code": code }),
      ...headers,
    });
    response.end(body);
  };
}

/** A blob as the service sends it. */
export function blobHead(bytes: Uint8Array): Record<string, string> {
  return {
    "content-length": String(bytes.byteLength),
    "content-md5": createHash("md5").update(bytes).digest("base64"),
    "x-ms-blob-type": "BlockBlob",
    "x-ms-request-id": "1",
    etag: '"1"',
  };
}

export const created: Script = (response) => {
  response.writeHead(201, { "x-ms-request-id": "1", etag: '"1"' }).end();
};

/** A page of a listing. `marker` undefined leaves its element out. */
export function page(names: readonly string[], marker: string | undefined, extra = ""): Script {
  const blobs = names.map(
    (name) => `<Blob><Name>${name}</Name><Properties><Content-Length>1</Content-Length></Properties></Blob>`,
  );
  const next = marker === undefined ? "" : `<NextMarker>${marker}</NextMarker>`;
  return xml(
    `<?xml version="1.0"?><EnumerationResults ServiceEndpoint="http://x/" ContainerName="box"><Blobs>${blobs.join("")}${extra}</Blobs>${next}</EnumerationResults>`,
  );
}

export function xml(body: string): Script {
  return (response) => {
    response.writeHead(200, { "content-type": "application/xml", "x-ms-request-id": "1" }).end(body);
  };
}

/** The answer to a batch: for each blob a status and a code. */
export function batchAnswer(
  answers: readonly (readonly [index: number, status: number, code?: string])[],
): Script {
  const parts = answers.map(([index, status, code]) =>
    [
      "--answer",
      "Content-Type: application/http",
      `Content-ID: ${index}`,
      "",
      `HTTP/1.1 ${status} Said`,
      ...(code === undefined ? [] : [`x-ms-error-code: ${code}`]),
      "x-ms-request-id: 1",
      "",
      "",
    ].join("\r\n"),
  );
  return (response) => {
    response.writeHead(202, { "content-type": "multipart/mixed; boundary=answer", "x-ms-request-id": "1" });
    response.end(`${parts.join("")}--answer--`);
  };
}
