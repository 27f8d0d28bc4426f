/** Requests signed by aws4 and sent by Node's own client: what is left where no SDK is. */
import { createHash, hash } from "node:crypto";
import { Agent, type IncomingMessage, request as sendPlain } from "node:http";
import { Agent as SecureAgent, request as sendSecure } from "node:https";
import { crc32 } from "node:zlib";
import aws4 from "aws4";
import type { Bucket, S3Calls } from "./s3-clients.ts";

const connections = { keepAlive: true, maxSockets: 128 };
const ofNothing = hash("sha256", "");

interface RawResponse {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

/** Signs the SHA-256 of each body, and sends and compares its CRC32, as the SDK does. */
export function rawClient(
  place: Bucket,
): S3Calls & { readonly keys: (prefix: string) => Promise<readonly string[]> } {
  const { host, hostname, port, protocol } = new URL(place.endpoint);
  const isSecure = protocol === "https:";
  const send = isSecure ? sendSecure : sendPlain;
  const agent = isSecure ? new SecureAgent(connections) : new Agent(connections);
  const { region, bucket } = place;

  const call = (
    method: string,
    path: string,
    headers: Record<string, string | number>,
    body?: Uint8Array,
  ): Promise<RawResponse> => {
    headers["X-Amz-Content-Sha256"] = body === undefined ? ofNothing : hash("sha256", body);
    const signed = aws4.sign({ host, method, path, service: "s3", region, headers }, place);
    return new Promise((resolve, reject) => {
      const options = { agent, hostname, port, method, path, headers: signed.headers };
      const request = send(options, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const whole = chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: whole });
        });
      });
      request.on("error", reject);
      request.end(body);
    });
  };

  const keys = async (prefix: string): Promise<readonly string[]> => {
    const found: string[] = [];
    for (let token: string | undefined, isLast = false; !isLast;) {
      const query = new URLSearchParams({ "list-type": "2", prefix });
      if (token !== undefined) query.set("continuation-token", token);
      const { status, body } = await call("GET", `/${bucket}?${query}`, {});
      if (status !== 200) throw new Error(`a listing: ${status}`);
      const text = body.toString();
      for (const [, key = "", size] of text.matchAll(/<Key>(.*?)<\/Key>.*?<Size>(\d+)<\/Size>/g))
        if (key.startsWith(prefix) && Number(size) > 0) found.push(key);
      [, token] = /<NextContinuationToken>(.*?)</.exec(text) ?? [];
      isLast = token === undefined;
    }
    return found;
  };

  return {
    create: async (key, body) => {
      const headers = {
        "Content-Length": body.length,
        "If-None-Match": "*",
        "x-amz-checksum-crc32": crc32Of(body),
      };
      const { status } = await call("PUT", pathOf(bucket, key), headers, body);
      if (status !== 200) throw new Error(`PUT of ${key}: ${status}`);
    },
    get: async (key) => {
      const headers = { "x-amz-checksum-mode": "ENABLED" };
      const response = await call("GET", pathOf(bucket, key), headers);
      const sum = response.headers["x-amz-checksum-crc32"];
      if (response.status !== 200 || (sum !== undefined && sum !== crc32Of(response.body)))
        throw new Error(`GET of ${key}: ${response.status}`);
      return response.body;
    },
    keys,
    list: async (prefix) => (await keys(prefix)).length,
    deleteAll: async (all) => {
      for (let at = 0; at < all.length; at += 1_000) {
        const batch = all.slice(at, at + 1_000);
        const objects = batch.map((key) => `<Object><Key>${key}</Key></Object>`).join("");
        const body = Buffer.from(`<Delete>${objects}</Delete>`);
        const headers = {
          "Content-Length": body.length,
          "Content-MD5": createHash("md5").update(body).digest("base64"),
        };
        const response = await call("POST", `/${bucket}?delete`, headers, body);
        const deleted = response.body.toString().match(/<Deleted>/g)?.length;
        if (deleted !== batch.length) throw new Error(`a delete: ${response.status}`);
      }
    },
  };
}

/** Keys here have no characters that a URL or XML would have otherwise, but `=`. */
function pathOf(bucket: string, key: string): string {
  return `/${bucket}/${key.replaceAll("=", "%3D")}`;
}

function crc32Of(body: Uint8Array): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(body));
  return bytes.toString("base64");
}
