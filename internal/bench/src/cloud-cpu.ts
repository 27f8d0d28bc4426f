/**
 * What a create and a get of 4 KiB cost of this process's CPU, 32 at once, in the stores of Google and Azure and as raw
 * authenticated requests, against a server in a process of its own.
 * `node --conditions=@state/source internal/bench/src/cloud-cpu.ts`; `--rounds 15`, `--only gcs`.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createHash, createHmac, createSecretKey } from "node:crypto";
import { once } from "node:events";
import { Agent, request as httpRequest } from "node:http";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ContainerClient, StorageSharedKeyCredential } from "@azure/storage-blob";
import { Storage } from "@google-cloud/storage";
import { OAuth2Client } from "google-auth-library";
import { AzureStore } from "../../../packages/azure/src/index.ts";
import type { ObjectStore } from "../../../packages/core/src/index.ts";
import { GcsStore } from "../../../packages/gcs/src/index.ts";

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "15" }, only: { type: "string", default: "" } },
});
const rounds = Number(values.rounds);
const warmUps = 3;
const operations = 640;
const concurrency = 32;
const body = new Uint8Array(4_096);

const sink = spawn(process.execPath, [join(import.meta.dirname, "sink.ts"), String(body.byteLength)], {
  stdio: ["ignore", "pipe", "inherit"],
});
const endpoint = await endpointOf(sink);

type Work = (key: string) => Promise<unknown>;

/** One row of the table: the first is what the others are compared with. */
type Row = readonly [name: string, work: Work];

const accountKey = Buffer.from("the key of an account that is not there");
// If it were bytes, an HMAC by it would take Node 24 ten times as long.
const signingKey = createSecretKey(accountKey);
const credential = new StorageSharedKeyCredential("account", accountKey.toString("base64"));
const azure = new ContainerClient(`${endpoint}/account/box`, credential);
const { authClient: google } = googleClient();
const agent = new Agent({ keepAlive: true, maxSockets: concurrency });

const tables: Readonly<Record<string, () => readonly Row[]>> = {
  "gcs create": () => [["authClient.request", googleUpload], creating(googleStore())],
  "gcs get": () => [["authClient.request", googleDownload], getting(googleStore())],
  "azure create": () => [
    ["node:http, signed", (key) => azureRequest("PUT", key)],
    creating(azureStore(true)),
    creating(azureStore(false), "the SDK's way"),
    ["upload of the SDK", azureUpload],
  ],
  "azure get": () => [
    ["node:http, signed", (key) => azureRequest("GET", key)],
    getting(azureStore(true)),
    getting(azureStore(false), "the SDK's way"),
    ["downloadToBuffer's one request", azureDownload],
  ],
};

try {
  for (const [title, rows] of Object.entries(tables)) {
    if (title.startsWith(values.only)) await print(title, rows());
  }
} finally {
  agent.destroy();
  sink.kill();
  await once(sink, "exit");
}

function creating(store: ObjectStore, name = store.constructor.name): Row {
  return [name, (key) => store.create(key, body)];
}

function getting(store: ObjectStore, name = store.constructor.name): Row {
  return [name, (key) => store.get(key)];
}

function googleClient(): Storage {
  const authClient = new OAuth2Client({ clientId: "id", clientSecret: "secret" });
  authClient.setCredentials({ access_token: "a-token", expiry_date: Date.now() + 3_600_000 });
  return new Storage({ apiEndpoint: endpoint, useAuthWithCustomEndpoint: true, authClient });
}

function googleStore(): ObjectStore {
  return new GcsStore({ bucket: "bucket", storage: googleClient() });
}

/** A multipart upload with the hash of its body, whose response is compared with it. */
async function googleUpload(name: string): Promise<void> {
  const md5Hash = createHash("md5").update(body).digest("base64");
  const metadata = JSON.stringify({ name, md5Hash, contentType: "application/octet-stream" });
  const boundary = crypto.randomUUID();
  const head =
    `--${boundary}\r\ncontent-type: application/json; charset=utf-8\r\n\r\n${metadata}\r\n` +
    `--${boundary}\r\ncontent-type: application/octet-stream\r\n\r\n`;
  const data = Buffer.concat([Buffer.from(head), body, Buffer.from(`\r\n--${boundary}--\r\n`)]);
  const query = "uploadType=multipart&ifGenerationMatch=0&fields=name%2Cmd5Hash";
  const response = await google.request<string>({
    method: "POST",
    url: `${endpoint}/upload/storage/v1/b/bucket/o?${query}`,
    headers: {
      "accept-encoding": "identity",
      "content-type": `multipart/related; boundary=${boundary}`,
      "content-length": String(data.byteLength),
    },
    data,
    agent,
    responseType: "text",
    retry: false,
    validateStatus: () => true,
  });
  const created = JSON.parse(response.data) as { readonly md5Hash?: string };
  if (response.status !== 200 || created.md5Hash !== md5Hash) throw new Error("not created");
}

async function googleDownload(name: string): Promise<Uint8Array> {
  const response = await google.request<ArrayBuffer>({
    method: "GET",
    url: `${endpoint}/storage/v1/b/bucket/o/${encodeURIComponent(name)}?alt=media`,
    headers: { "accept-encoding": "identity" },
    agent,
    responseType: "arraybuffer",
    retry: false,
    validateStatus: () => true,
  });
  const bytes = new Uint8Array(response.data);
  const hash = createHash("md5").update(bytes).digest("base64");
  if (response.headers.get("x-goog-hash") !== `md5=${hash}`) throw new Error("not what was stored");
  return bytes;
}

function azureStore(directRequests: boolean): ObjectStore {
  const accountUrl = `${endpoint}/account`;
  return new AzureStore({ accountUrl, containerName: "box", credential, directRequests });
}

async function azureUpload(key: string): Promise<void> {
  const md5 = createHash("md5").update(body).digest();
  await azure.getBlockBlobClient(key).upload(Buffer.from(body.buffer), body.byteLength, {
    conditions: { ifNoneMatch: "*" },
    transactionalContentMD5: md5,
  });
}

async function azureDownload(key: string): Promise<Uint8Array> {
  const { readableStreamBody, contentMD5 } = await azure.getBlobClient(key).download();
  const hash = createHash("md5");
  const bytes = new Uint8Array(body.byteLength);
  let length = 0;
  for await (const part of readableStreamBody as AsyncIterable<Uint8Array>) {
    hash.update(part);
    bytes.set(part, length);
    length += part.byteLength;
  }
  if (contentMD5 === undefined || !hash.digest().equals(contentMD5)) throw new Error("not what was stored");
  return bytes;
}

/** A Put Blob or a Get Blob, signed with the account's key, with the same headers and checks as the store's. */
async function azureRequest(method: "PUT" | "GET", key: string): Promise<Uint8Array | undefined> {
  const isPut = method === "PUT";
  const date = new Date().toUTCString();
  const md5 = isPut ? createHash("md5").update(body).digest("base64") : "";
  const path = `/account/box/${key}`;
  const own = {
    ...(isPut ? { "x-ms-blob-type": "BlockBlob" } : {}),
    "x-ms-client-request-id": crypto.randomUUID(),
    "x-ms-date": date,
    "x-ms-version": "2026-02-06",
  };
  const signed = Object.entries(own).map(([name, value]) => `${name}:${value}\n`);
  const fixed = isPut
    ? ["PUT", "", "", "4096", md5, "application/octet-stream", "", "", "", "*", "", ""]
    : ["GET", "", "", "", "", "", "", "", "", "", "", ""];
  const text = `${fixed.join("\n")}\n${signed.join("")}/account${path}`;
  const signature = createHmac("sha256", signingKey).update(text, "utf8").digest("base64");
  const headers = {
    ...own,
    authorization: `SharedKey account:${signature}`,
    ...(isPut
      ? {
          "content-length": "4096",
          "content-md5": md5,
          "content-type": "application/octet-stream",
          "if-none-match": "*",
        }
      : {}),
  };
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array | undefined>();
  const sent = httpRequest(`${endpoint}${path}`, { method, headers, agent }, (response) => {
    const hash = createHash("md5");
    const bytes = new Uint8Array(isPut ? 0 : Number(response.headers["content-length"]));
    let length = 0;
    response.on("data", (part: Buffer) => {
      if (isPut) return;
      hash.update(part);
      bytes.set(part, length);
      length += part.byteLength;
    });
    response.on("error", reject);
    response.on("end", () => {
      if (response.statusCode !== (isPut ? 201 : 200)) reject(new Error("refused"));
      else if (!isPut && hash.digest("base64") !== response.headers["content-md5"])
        reject(new Error("changed"));
      else resolve(isPut ? undefined : bytes);
    });
  });
  sent.on("error", reject);
  sent.end(isPut ? body : undefined);
  return promise;
}

/** Measures the rows in turns, and prints the median CPU time of an operation and the median ratio of a round. */
async function print(title: string, rows: readonly Row[]): Promise<void> {
  const times = rows.map((): number[] => []);
  for (let round = 0; round < warmUps + rounds; round += 1) {
    for (let place = 0; place < rows.length; place += 1) {
      const index = (place + round) % rows.length;
      const [, work] = rows[index] ?? [];
      if (work === undefined) throw new Error("a row is missing");
      const microseconds = await cpuOf(work, `round-${round}/${index}`);
      if (round >= warmUps) times[index]?.push(microseconds / operations);
    }
  }
  const [base = []] = times;
  process.stdout.write(`${title.padEnd(34)}${"us of CPU".padStart(10)}${"ratio".padStart(8)}\n`);
  for (const [index, [name]] of rows.entries()) {
    const own = times[index] ?? [];
    const ratio = medianOf(own.map((time, round) => time / (base[round] ?? Number.NaN)));
    const columns = [medianOf(own).toFixed(0).padStart(10), ratio.toFixed(2).padStart(8)];
    process.stdout.write(`  ${name.padEnd(32)}${columns.join("")}\n`);
  }
}

async function cpuOf(work: Work, folder: string): Promise<number> {
  const keys = Array.from({ length: operations }, (_, index) => `${folder}/${index}`).values();
  const before = process.cpuUsage();
  const worker = async (): Promise<void> => {
    for (const key of keys) await work(key);
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

function medianOf(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN;
}

async function endpointOf({ stdout }: ChildProcess): Promise<string> {
  if (stdout === null) throw new Error("the sink has no output");
  const [address] = (await once(stdout, "data")) as [Buffer];
  const { port } = JSON.parse(address.toString()) as { port: number };
  return `http://127.0.0.1:${port}`;
}
