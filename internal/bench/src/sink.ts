/** A service that takes any create, and gives back zeros: run as a process of its own, `node sink.ts BYTES`. */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

const bytes = Number(process.argv[2]);
const part = Buffer.alloc(2 ** 20);
const md5 = md5OfZeros();

const server = createServer((request, response) => {
  // What kind of account it is, Azure's store asks once.
  if (request.url?.includes("comp=properties") === true)
    response.writeHead(200, { "x-ms-request-id": "1", "x-ms-is-hns-enabled": "false" }).end();
  else if (request.method === "GET") void give(response);
  else void take(request, response);
});
// Whoever measures may pause for longer between two requests than 5 s.
server.keepAliveTimeout = 600_000;
server.listen(0, "127.0.0.1", () => {
  process.stdout.write(JSON.stringify(server.address()));
});

function md5OfZeros(): string {
  const hash = createHash("md5");
  for (let at = 0; at < bytes; at += part.byteLength) hash.update(part.subarray(0, bytes - at));
  return hash.digest("base64");
}

async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let head = "";
  for await (const chunk of request as AsyncIterable<Buffer>)
    if (head.length < 1_000) head += chunk.subarray(0, 1_000).toString("latin1");
  const [, metadata = "{}"] = /\r\n\r\n(\{.*?\})\r\n/.exec(head) ?? [];
  if (request.url?.startsWith("/account") === true) {
    response.writeHead(201, { etag: '"1"', "x-ms-request-id": "1", "content-length": 0 }).end();
    return;
  }
  response.writeHead(200, { "content-type": "application/json" });
  response.end(metadata);
}

async function give(response: ServerResponse): Promise<void> {
  response.writeHead(200, {
    etag: '"1"',
    "content-length": bytes,
    "content-md5": md5,
    "x-goog-hash": `md5=${md5}`,
    "x-guploader-uploadid": "1",
    "x-ms-blob-type": "BlockBlob",
    "x-ms-request-id": "1",
    "last-modified": "Wed, 21 Oct 2015 07:28:00 GMT",
  });
  for (let at = 0; at < bytes; at += part.byteLength)
    if (!response.write(part.subarray(0, bytes - at)))
      await new Promise<void>((resolve) => response.once("drain", resolve));
  response.end();
}
