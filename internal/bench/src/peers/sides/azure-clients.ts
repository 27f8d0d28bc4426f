import { createHmac, createSecretKey, hash } from "node:crypto";
import { Agent, type IncomingMessage, request as send } from "node:http";
import { ContainerClient } from "@azure/storage-blob";
import type { ObjectCalls } from "./object-calls.ts";

export interface AzureContainer {
  readonly container: string;
  /** `http://127.0.0.1:PORT/ACCOUNT` */
  readonly accountUrl: string;
  readonly accountName: string;
  readonly accountKey: string;
  readonly connectionString: string;
}

/** `raw`: signed by the account's key, and sent by Node's own client. All send and compare the MD5. */
export async function azureClientOf(
  client: "store" | "sdk" | "raw",
  place: AzureContainer,
): Promise<ObjectCalls> {
  const { connectionString, container: containerName } = place;
  if (client === "sdk") return sdkCalls(new ContainerClient(connectionString, containerName));
  if (client === "raw") return rawCalls(place);
  const { AzureStore } = await import("@state/azure");
  const store = new AzureStore({ connectionString, containerName });
  return {
    create: async (key, body) => {
      if ((await store.create(key, body)) !== "created") throw new Error(`${key} exists`);
    },
    get: async (key) => (await store.get(key)) ?? new Uint8Array(),
  };
}

function sdkCalls(container: ContainerClient): ObjectCalls {
  return {
    create: (key, body) =>
      container.getBlockBlobClient(key).upload(Buffer.from(body.buffer), body.length, {
        conditions: { ifNoneMatch: "*" },
        transactionalContentMD5: hash("md5", body, "buffer"),
      }),
    get: async (key) => {
      const response = await container.getBlobClient(key).download();
      const chunks: Uint8Array[] = [];
      for await (const chunk of response.readableStreamBody ?? []) chunks.push(Buffer.from(chunk));
      const body = Buffer.concat(chunks);
      checkMd5(key, body, Buffer.from(response.contentMD5 ?? []).toString("base64"));
      return body;
    },
  };
}

const version = "2025-05-05";

function rawCalls(place: AzureContainer): ObjectCalls {
  const agent = new Agent({ keepAlive: true, maxSockets: 128 });
  const { hostname, port, pathname } = new URL(place.accountUrl);
  const key = createSecretKey(Buffer.from(place.accountKey, "base64"));

  const call = (
    method: string,
    name: string,
    headers: Readonly<Record<string, string>>,
    body?: Uint8Array,
  ): Promise<{
    readonly status: number;
    readonly headers: IncomingMessage["headers"];
    readonly body: Buffer;
  }> => {
    const path = `${pathname}/${place.container}/${name}`;
    const all: Record<string, string> = {
      ...headers,
      "x-ms-date": new Date().toUTCString(),
      "x-ms-version": version,
    };
    const ms = Object.keys(all)
      .filter((header) => header.startsWith("x-ms-"))
      .toSorted()
      .map((header) => `${header}:${all[header]}\n`)
      .join("");
    const length = body === undefined ? "" : String(body.length);
    const md5 = headers["content-md5"] ?? "";
    const condition = headers["if-none-match"] ?? "";
    // Empty are: encoding and language; type, date, modified and match; unmodified and range.
    const standard = `${method}\n\n\n${length}\n${md5}\n\n\n\n\n${condition}\n\n\n`;
    const text = `${standard}${ms}/${place.accountName}${path}`;
    const signature = createHmac("sha256", key).update(text).digest("base64");
    all["authorization"] = `SharedKey ${place.accountName}:${signature}`;
    if (body !== undefined) all["content-length"] = length;
    return new Promise((resolve, reject) => {
      const request = send({ agent, hostname, port, method, path, headers: all }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks),
          }),
        );
      });
      request.on("error", reject);
      request.end(body);
    });
  };

  return {
    create: async (name, body) => {
      const headers = {
        "content-md5": hash("md5", body, "base64"),
        "if-none-match": "*",
        "x-ms-blob-type": "BlockBlob",
      };
      const { status, body: text } = await call("PUT", name, headers, body);
      if (status !== 201) throw new Error(`PUT of ${name}: ${status} ${text.toString()}`);
    },
    get: async (name) => {
      const response = await call("GET", name, {});
      if (response.status !== 200) throw new Error(`GET of ${name}: ${response.status}`);
      checkMd5(name, response.body, response.headers["content-md5"]);
      return response.body;
    },
  };
}

function checkMd5(name: string, body: Uint8Array, sent: unknown): void {
  if (sent !== hash("md5", body, "base64")) throw new Error(`${name} has another MD5 than ${String(sent)}`);
}
