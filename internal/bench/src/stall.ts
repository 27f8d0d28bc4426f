/**
 * How long the stores of the clouds keep other work of the process from running while a large body is hashed and sent, or
 * read: the longest time between two turns of the event loop.
 * `node --conditions=@state/source internal/bench/src/stall.ts`; `--mebibytes 512`, and `--json` for a program to read.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { StorageSharedKeyCredential } from "@azure/storage-blob";
import { AzureStore } from "../../../packages/azure/src/index.ts";
import type { ObjectStore } from "../../../packages/core/src/index.ts";
import { GcsStore } from "../../../packages/gcs/src/index.ts";
import { S3Store } from "../../../packages/s3/src/index.ts";

const { values } = parseArgs({
  options: { json: { type: "boolean", default: false }, mebibytes: { type: "string", default: "512" } },
});
const mebibyte = 2 ** 20;
const bytes = Number(values.mebibytes) * mebibyte;

interface Stall {
  readonly what: string;
  /** The longest time without another turn, in milliseconds. */
  readonly stallMs: number;
  readonly ms: number;
}

const sink = spawn(process.execPath, [join(import.meta.dirname, "sink.ts"), String(bytes)], {
  stdio: ["ignore", "pipe", "inherit"],
});
const endpoint = await endpointOf(sink);
const stores: readonly ObjectStore[] = [
  new S3Store({
    bucket: "bucket",
    clientConfig: {
      endpoint,
      region: "us-east-1",
      forcePathStyle: true,
      credentials: { accessKeyId: "a", secretAccessKey: "b" },
    },
  }),
  new GcsStore({ bucket: "bucket", storageOptions: { apiEndpoint: endpoint } }),
  new AzureStore({
    accountUrl: `${endpoint}/account`,
    containerName: "bucket",
    credential: new StorageSharedKeyCredential("account", Buffer.from("a key").toString("base64")),
  }),
];

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;
const stalls: Stall[] = [];
const body = new Uint8Array(bytes);
// What the rest is to be compared with: one hash of all bytes, in one call.
stalls.push(
  await measure("md5 in one call", async () => {
    createHash("md5").update(body).digest();
  }),
);
for (const store of stores) {
  const [scheme] = store.name.split(":");
  // Warm: connections, credentials and code are there.
  await store.create("a/0", new Uint8Array(1));
  stalls.push(await measure(`${scheme} create`, () => store.create("a/1", body)));
  stalls.push(await measure(`${scheme} get`, () => store.get("a/1")));
  await store.close?.();
}
sink.kill();
await once(sink, "exit");

process.stdout.write(values.json ? JSON.stringify(stalls) : table());

async function endpointOf({ stdout }: ChildProcess): Promise<string> {
  if (stdout === null) throw new Error("the sink has no output");
  const [address] = (await once(stdout, "data")) as [Buffer];
  const { port } = JSON.parse(address.toString()) as { port: number };
  return `http://127.0.0.1:${port}`;
}

async function measure(what: string, work: () => Promise<unknown>): Promise<Stall> {
  // The body of the row before: to free half a gigabyte is a stall of 50 ms, whoever has read it.
  collectGarbage();
  let last = performance.now();
  let stallMs = 0;
  const look = (): void => {
    const now = performance.now();
    stallMs = Math.max(stallMs, now - last);
    last = now;
  };
  const started = last;
  const ticking = setInterval(look, 1);
  await work();
  look();
  clearInterval(ticking);
  return { what, stallMs, ms: last - started };
}

function table(): string {
  const rows = stalls.map(({ what, stallMs, ms }) =>
    [what.padEnd(18), stallMs.toFixed(1).padStart(10), ms.toFixed(0).padStart(10)].join(""),
  );
  return `${values.mebibytes} MiB\n${"".padEnd(18)}${"stall ms".padStart(10)}${"all ms".padStart(10)}\n${rows.join("\n")}\n`;
}
