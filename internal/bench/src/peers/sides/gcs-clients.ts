import { hash, randomUUID } from "node:crypto";
import { Agent } from "node:http";
import { Storage, type StorageOptions } from "@google-cloud/storage";
import { OAuth2Client } from "google-auth-library";
import type { ObjectCalls } from "./object-calls.ts";

/** A bucket of an emulator, which takes any token. */
export interface GcsBucket {
  readonly endpoint: string;
  readonly bucket: string;
}

/** `raw`: the request through the SDK's authenticated transport, with the MD5 sent and compared. */
export async function gcsClientOf(client: "store" | "sdk" | "raw", place: GcsBucket): Promise<ObjectCalls> {
  const authClient = new OAuth2Client();
  authClient.setCredentials({ access_token: "any" });
  const { endpoint, bucket } = place;
  const options: StorageOptions = { apiEndpoint: endpoint, useAuthWithCustomEndpoint: true, authClient };
  if (client === "sdk")
    return sdkCalls(new Storage({ ...options, retryOptions: { autoRetry: false } }), bucket);
  if (client === "raw") return rawCalls(new Storage(options), place);
  const { GcsStore } = await import("@state/gcs");
  const store = new GcsStore({ bucket, storageOptions: options });
  return {
    create: async (key, body) => {
      if ((await store.create(key, body)) !== "created") throw new Error(`${key} exists`);
    },
    get: async (key) => (await store.get(key)) ?? new Uint8Array(),
  };
}

function sdkCalls(storage: Storage, bucket: string): ObjectCalls {
  return {
    create: (key, body) =>
      storage
        .bucket(bucket)
        .file(key)
        .save(Buffer.from(body.buffer), {
          resumable: false,
          validation: "md5",
          preconditionOpts: { ifGenerationMatch: 0 },
        }),
    get: async (key) => (await storage.bucket(bucket).file(key).download({ validation: "md5" }))[0],
  };
}

function rawCalls(storage: Storage, { endpoint, bucket }: GcsBucket): ObjectCalls {
  const agent = new Agent({ keepAlive: true });
  const query = "uploadType=multipart&ifGenerationMatch=0&fields=name";
  const common = { agent, retry: false, validateStatus: () => true } as const;
  return {
    create: async (name, body) => {
      const boundary = randomUUID();
      const metadata = {
        name,
        md5Hash: hash("md5", body, "base64"),
        contentType: "application/octet-stream",
      };
      const json = "content-type: application/json; charset=utf-8";
      const bytes = "content-type: application/octet-stream";
      const head =
        `--${boundary}\r\n${json}\r\n\r\n${JSON.stringify(metadata)}\r\n` +
        `--${boundary}\r\n${bytes}\r\n\r\n`;
      const { status } = await storage.authClient.request({
        ...common,
        method: "POST",
        url: `${endpoint}/upload/storage/v1/b/${bucket}/o?${query}`,
        headers: { "content-type": `multipart/related; boundary=${boundary}` },
        data: Buffer.concat([Buffer.from(head), body, Buffer.from(`\r\n--${boundary}--\r\n`)]),
      });
      if (status !== 200) throw new Error(`POST of ${name}: ${status}`);
    },
    get: async (key) => {
      const { status, data, headers } = await storage.authClient.request<ArrayBuffer>({
        ...common,
        url: `${endpoint}/storage/v1/b/${bucket}/o/${encodeURIComponent(key)}?alt=media`,
        responseType: "arraybuffer",
      });
      const body = new Uint8Array(data);
      const sent = /md5=([^,]+)/.exec(headers.get("x-goog-hash") ?? "")?.[1];
      if (status !== 200 || sent !== hash("md5", body, "base64")) throw new Error(`GET of ${key}: ${status}`);
      return body;
    },
  };
}
