import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { closeServer, listenOnLoopback } from "../loopback.ts";
import type { Server } from "../server.ts";
import { SortedObjects } from "../sorted-objects.ts";
import { authenticate } from "./authentication.ts";
import { describeBucket } from "./configuration.ts";
import { errors, Refusal, type S3ErrorResponse } from "./error-response.ts";
import {
  type Bucket,
  deleteObject,
  deleteObjects,
  getObject,
  listObjects,
  putObject,
  type S3Response,
} from "./operations.ts";
import { type S3DoubleOptions, type Settings, settingsOf } from "./options.ts";
import { readRequest, type SeenRequest } from "./request.ts";
import { errorXml } from "./xml.ts";

export interface S3Double extends Server {
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Every request that came whole, in the order in which they did. */
  readonly requests: readonly SeenRequest[];
  /** How many connections were ever made. */
  connections(): number;
}

/**
 * An S3 in this process's memory, in path style, that checks what the SDK sends as the service
 * would: signature, checksums, conditions, XML. Its responses are those of MinIO.
 */
export async function startS3Double(options: S3DoubleOptions = {}): Promise<S3Double> {
  const settings = settingsOf(options);
  const bucket: Bucket = new SortedObjects();
  const requests: SeenRequest[] = [];
  let connections = 0;
  const server = createServer((message, response) => {
    serve(message, response, settings, bucket, requests).catch(() => response.destroy());
  });
  server.on("connection", () => {
    connections += 1;
  });
  const endpoint = `http://127.0.0.1:${await listenOnLoopback(server)}`;
  const { region, accessKeyId, secretAccessKey } = settings;
  return {
    endpoint,
    region,
    accessKeyId,
    secretAccessKey,
    requests,
    connections: () => connections,
    stop: () => closeServer(server),
  };
}

async function serve(
  message: IncomingMessage,
  outgoing: ServerResponse,
  settings: Settings,
  bucket: Bucket,
  requests: SeenRequest[],
): Promise<void> {
  // If the client goes away in the middle of its request, this rejects: nobody waits for a response.
  const request = await readRequest(message);
  requests.push(request);
  const { status, headers, body } = await responseTo(request, settings, bucket);
  const bytes = Buffer.from(body ?? "");
  outgoing.writeHead(status, {
    "accept-ranges": "bytes",
    "x-amz-request-id": randomUUID(),
    date: new Date(settings.now()).toUTCString(),
    ...(status === 204 ? {} : { "content-length": bytes.length }),
    ...headers,
  });
  outgoing.end(bytes);
}

async function responseTo(request: SeenRequest, settings: Settings, bucket: Bucket): Promise<S3Response> {
  try {
    const refusal = settings.refuse(request);
    if (refusal !== undefined) throw new Refusal(refusal);
    await authenticate(request, settings);
    return operate(request, settings, bucket);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return responseFor(error.response, request);
  }
}

function operate(request: SeenRequest, settings: Settings, bucket: Bucket): S3Response {
  const { method, key, query } = request;
  if (request.bucket !== settings.bucket) throw new Refusal(errors.bucketAbsent);
  if (key === "") {
    if (method === "GET" && query.get("list-type") === "2") return listObjects(bucket, request, settings);
    const described = describeBucket(request, settings);
    if (described !== undefined) return described;
    if (method === "POST" && query.has("delete")) return deleteObjects(bucket, request, settings);
  } else {
    if (method === "PUT") return putObject(bucket, request, settings);
    if (method === "GET") return getObject(bucket, request);
    if (method === "DELETE") return deleteObject(bucket, request);
  }
  throw new Refusal(errors.notImplemented);
}

function responseFor(error: S3ErrorResponse, { bucket, key }: SeenRequest): S3Response {
  const body = errorXml({
    Code: error.code,
    Message: error.message,
    ...(key === "" ? {} : { Key: key }),
    BucketName: bucket,
    Resource: `/${bucket}/${key}`,
    ...error.fields,
    RequestId: randomUUID(),
    HostId: "double",
  });
  return { status: error.status, headers: { "content-type": "application/xml", ...error.headers }, body };
}
