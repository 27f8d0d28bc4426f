import { createHash } from "node:crypto";
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { ContainerClient, StorageSharedKeyCredential } from "@azure/storage-blob";
import { type ScriptedServer, startScriptedServer } from "@state/servers/testing";

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

/** An account without a hierarchical namespace, as the service describes it. */
export const flatAccount: Script = (response) => {
  response.writeHead(200, { "x-ms-request-id": "1", "x-ms-is-hns-enabled": "false" }).end();
};

/**
 * A server that a client can be made for, and that remembers each request with its body. It describes its account by itself:
 * those requests are counted apart.
 */
export interface AzureServer extends ScriptedServer {
  readonly accountUrl: string;
  /** Requests whose head has come. */
  readonly heads: readonly IncomingMessage[];
  /** Requests that have come whole. */
  readonly received: readonly Received[];
  /** The questions for the account's kind. */
  readonly accountRequests: readonly Received[];
  /** How many connections were made. */
  readonly connections: number;
  /** Changes what becomes of further requests. */
  respondWith(script: Script): void;
  /** Changes how the account is described. */
  describeAccountWith(script: Script): void;
  /** Resolves once the head of a further request has come. */
  nextHead(): Promise<IncomingMessage>;
  container(options?: object): ContainerClient;
}

export async function scriptedServer(first: Script): Promise<AzureServer> {
  let script = first;
  const heads: IncomingMessage[] = [];
  const received: Received[] = [];
  const accountRequests: Received[] = [];
  let describe = flatAccount;
  const headListeners: ((head: IncomingMessage) => void)[] = [];
  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const whole = await receive(request);
    if (whole === undefined) return;
    if (isAccountRequest(request)) {
      accountRequests.push(whole);
      return describe(response, whole);
    }
    received.push(whole);
    script(response, whole);
  };
  const server = await startScriptedServer((request, response) => {
    if (!isAccountRequest(request)) {
      heads.push(request);
      for (const listener of headListeners.splice(0)) listener(request);
    }
    void respond(request, response);
  });
  const accountUrl = `${server.endpoint}/account`;
  return {
    ...server,
    accountUrl,
    heads,
    received,
    accountRequests,
    describeAccountWith: (next) => {
      describe = next;
    },
    get connections() {
      return server.sockets.length;
    },
    respondWith: (next) => {
      script = next;
    },
    nextHead: () => new Promise((resolve) => headListeners.push(resolve)),
    container: (options = {}) => new ContainerClient(`${accountUrl}/box`, credential, options),
  };
}

function isAccountRequest({ url = "" }: IncomingMessage): boolean {
  return url.includes("restype=account");
}

/** The whole request, or `undefined` if its connection was closed before its end. */
async function receive(request: IncomingMessage): Promise<Received | undefined> {
  const parts: Buffer[] = [];
  try {
    for await (const part of request) parts.push(Buffer.from(part));
  } catch (error) {
    if (request.destroyed) return undefined;
    throw error;
  }
  const { method = "", url = "", headers } = request;
  return { method, url, headers, body: Buffer.concat(parts) };
}

/** A failure as the service writes it. */
export function errorResponse(
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

export const deleted: Script = (response) => {
  response.writeHead(202, { "x-ms-request-id": "1" }).end();
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

/** The response to a batch: for each blob a status and a code. */
export function batchResponse(
  responses: readonly (readonly [index: number, status: number, code?: string])[],
): Script {
  const parts = responses.map(([index, status, code]) =>
    [
      "--part",
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
    response.writeHead(202, { "content-type": "multipart/mixed; boundary=part", "x-ms-request-id": "1" });
    response.end(`${parts.join("")}--part--`);
  };
}
