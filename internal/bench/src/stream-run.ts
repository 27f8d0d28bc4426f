/** One side of a row of `stream.ts`, in a process of its own: what it prints is a `StreamRun`. */
import { open } from "node:fs/promises";
import { join } from "node:path";
import type { S3ClientConfig } from "@aws-sdk/client-s3";
import { type ObjectStore, ObjectStoreBackend } from "@state/core";
import { blockBytes, fill, firstBlock, generatedState, GeneratedStateStore } from "./generated-state.ts";

export type RowName = "generated" | "fs" | "s3";

/** Where a row writes to. */
export interface Place {
  /** A folder. */
  readonly root: string;
  readonly s3?: {
    readonly endpoint: string;
    readonly region: string;
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
  };
}

export interface StreamRun {
  readonly writeSeconds: number;
  readonly readSeconds: number;
  /** Of the whole process, Node itself included. */
  readonly peakMebibytes: number;
}

export interface Task {
  readonly row: RowName;
  /** `load` does nothing but load what the others do. */
  readonly side: "store" | "raw" | "load";
  readonly bytes: number;
  readonly place: Place;
}

/** As large as chunks are, and as many as a backend has under way. */
const pieceBytes = 4 * 2 ** 20;
const piecesAtATime = 2;

const { row, side, bytes, place } = JSON.parse(process.argv[2] ?? "") as Task;
if (side === "load") {
  await Promise.all([import("@state/fs"), import("@state/s3"), import("@aws-sdk/client-s3")]);
} else {
  const seconds = side === "store" ? await throughBackend() : await withoutBackend();
  const peakMebibytes = process.resourceUsage().maxRSS / 1_024;
  process.stdout.write(JSON.stringify({ ...seconds, peakMebibytes }));
}

type Seconds = Omit<StreamRun, "peakMebibytes">;

async function throughBackend(): Promise<Seconds> {
  const store = await openStore();
  await using backend = await ObjectStoreBackend.open({ store, instanceId: "stream", vnodeCapacity: 1 });
  const { nextEpoch: epoch } = await backend.takeover({ version: 1 });
  const writeSeconds = await timed(async () => {
    const state = generatedState(bytes);
    const part = await backend.writePartial({ epoch, vnode: 0, assignmentVersion: 1, bytes: state });
    const { complete } = await backend.epochComplete({ epoch, parts: [part] });
    if (!complete) throw new Error("the epoch is not complete");
  });
  const readSeconds = await timed(async () => {
    const pieces = (await backend.latest())?.stream(0);
    let read = 0;
    for await (const piece of pieces ?? []) {
      if (firstBlock(piece) !== read / blockBytes) throw new Error(`wrong bytes after ${read}`);
      read += piece.length;
      // The other side uses its arrays again.
      piece.buffer.transfer(0);
    }
    if (read !== bytes) throw new Error(`${read} of ${bytes} bytes were read`);
  });
  await store.close?.();
  return { writeSeconds, readSeconds };
}

/** Loads the store that it opens and no other: the SDK alone takes 30 MiB. */
async function openStore(): Promise<ObjectStore> {
  if (row === "generated") return new GeneratedStateStore();
  if (row === "fs") {
    const { FsStore } = await import("@state/fs");
    return new FsStore({ root: place.root });
  }
  const { S3Store } = await import("@state/s3");
  return new S3Store({ bucket: "stream", clientConfig: s3Config() });
}

function s3Config(): S3ClientConfig {
  if (place.s3 === undefined) throw new Error("there is no service");
  const { endpoint, region, accessKeyId, secretAccessKey } = place.s3;
  return { endpoint, region, forcePathStyle: true, credentials: { accessKeyId, secretAccessKey } };
}

/** What is done with a piece where no backend is. */
interface Raw {
  readonly write: (name: string, piece: Uint8Array<ArrayBuffer>) => Promise<unknown>;
  readonly read: (name: string, piece: Uint8Array<ArrayBuffer>) => Promise<unknown>;
}

/** Visits all pieces, as many at a time as a backend would. */
async function each(visit: (number: number, piece: Uint8Array<ArrayBuffer>) => Promise<void>): Promise<void> {
  const numbers = Array.from({ length: bytes / pieceBytes }).keys();
  const work = async (): Promise<void> => {
    const piece = new Uint8Array(pieceBytes);
    for (const number of numbers) await visit(number, piece);
  };
  await Promise.all(Array.from({ length: piecesAtATime }, work));
}

/** Generates, digests and sends each piece, and reads and digests it: the arrays are the same for all pieces. */
async function withoutBackend(): Promise<Seconds> {
  const raw = await openRaw();
  const digests: string[] = [];
  const writeSeconds = await timed(() =>
    each(async (number, piece) => {
      fill(piece, (number * pieceBytes) / blockBytes);
      digests[number] = await digest(piece);
      await raw.write(`${number}`, piece);
    }),
  );
  const readSeconds = await timed(() =>
    each(async (number, piece) => {
      if (row === "generated") fill(piece, (number * pieceBytes) / blockBytes);
      await raw.read(`${number}`, piece);
      if ((await digest(piece)) !== digests[number]) throw new Error(`piece ${number} has other bytes`);
    }),
  );
  return { writeSeconds, readSeconds };
}

async function openRaw(): Promise<Raw> {
  if (row === "generated") return { write: async () => undefined, read: async () => undefined };
  if (row === "fs") {
    return {
      async write(name, piece) {
        await using file = await open(join(place.root, name), "wx");
        await file.writeFile(piece);
        await file.sync();
      },
      async read(name, piece) {
        await using file = await open(join(place.root, name));
        await file.read(piece);
      },
    };
  }
  const { GetObjectCommand, PutObjectCommand, S3Client } = await import("@aws-sdk/client-s3");
  const client = new S3Client(s3Config());
  return {
    write: (name, piece) =>
      client.send(new PutObjectCommand({ Bucket: "stream", Key: name, Body: Buffer.from(piece.buffer) })),
    async read(name, piece) {
      const { Body: body } = await client.send(new GetObjectCommand({ Bucket: "stream", Key: name }));
      let filled = 0;
      for await (const part of body as unknown as AsyncIterable<Uint8Array>) {
        piece.set(part, filled);
        filled += part.length;
      }
    },
  };
}

async function digest(piece: Uint8Array<ArrayBuffer>): Promise<string> {
  return Buffer.from(await crypto.subtle.digest("SHA-256", piece)).toString("hex");
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1_000;
}
