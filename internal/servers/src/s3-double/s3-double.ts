import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Server } from "../server.ts";
import { authenticate } from "./authentication.ts";
import { Bucket } from "./bucket.ts";
import { type Fault, FaultError, faults } from "./fault.ts";
import { type Answer, deleteObject, deleteObjects, getObject, listObjects, putObject } from "./operations.ts";
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
 * An S3 in this process's memory, in path style, that checks what the SDK sends as the service would: signature,
 * checksums, conditions, XML. Its answers are those of MinIO.
 */
export async function startS3Double(options: S3DoubleOptions = {}): Promise<S3Double> {
  const settings = settingsOf(options);
  const buckets = new Map(settings.buckets.map((name) => [name, new Bucket()]));
  const requests: SeenRequest[] = [];
  let connections = 0;
  const server = createServer((message, response) => {
    answerRequest(message, response, settings, buckets, requests).catch(() => response.destroy());
  });
  server.on("connection", () => {
    connections += 1;
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("a TCP server without a port");
  const { region, accessKeyId, secretAccessKey } = settings;
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    region,
    accessKeyId,
    secretAccessKey,
    requests,
    connections: () => connections,
    stop: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answerRequest(
  message: IncomingMessage,
  response: ServerResponse,
  settings: Settings,
  buckets: Map<string, Bucket>,
  requests: SeenRequest[],
): Promise<void> {
  // Rejects when the client goes away in the middle: nobody is left to be answered.
  const request = await readRequest(message);
  requests.push(request);
  let answer: Answer;
  try {
    const fault = settings.fault(request);
    if (fault !== undefined) throw new FaultError(fault);
    await authenticate(request, settings);
    answer = operate(request, settings, buckets);
  } catch (error) {
    if (!(error instanceof FaultError)) throw error;
    answer = faultAnswer(error.fault, request);
  }
  const body = Buffer.from(answer.body ?? "");
  response.writeHead(answer.status, {
    "accept-ranges": "bytes",
    "x-amz-request-id": randomUUID(),
    date: new Date(settings.now()).toUTCString(),
    ...(answer.status === 204 ? {} : { "content-length": body.length }),
    ...answer.headers,
  });
  response.end(body);
}

function operate(request: SeenRequest, settings: Settings, buckets: Map<string, Bucket>): Answer {
  const { method, key } = request;
  if (method === "PUT" && key === "") return createBucket(request, buckets);
  const bucket = buckets.get(request.bucket);
  if (bucket === undefined) throw new FaultError(faults.bucketAbsent);
  if (key === "") {
    if (method === "HEAD") return { status: 200, headers: { "content-type": "application/xml" } };
    if (method === "GET" && request.query.get("list-type") === "2")
      return listObjects(bucket, request, settings);
    if (method === "POST" && request.query.has("delete")) return deleteObjects(bucket, request, settings);
  } else {
    if (method === "PUT") return putObject(bucket, request, settings);
    if (method === "GET" || method === "HEAD") return getObject(bucket, request);
    if (method === "DELETE") return deleteObject(bucket, request);
  }
  throw new FaultError(faults.notImplemented);
}

function createBucket({ bucket }: SeenRequest, buckets: Map<string, Bucket>): Answer {
  if (buckets.has(bucket)) throw new FaultError(faults.bucketThere);
  buckets.set(bucket, new Bucket());
  return { status: 200, headers: { location: `/${bucket}` } };
}

function faultAnswer(fault: Fault, { method, bucket, key }: SeenRequest): Answer {
  if (method === "HEAD") return { status: fault.status };
  const body = errorXml({
    Code: fault.code,
    Message: fault.message,
    ...(key === "" ? {} : { Key: key }),
    BucketName: bucket,
    Resource: `/${bucket}/${key}`,
    ...fault.fields,
    RequestId: randomUUID(),
    HostId: "double",
  });
  return { status: fault.status, headers: { "content-type": "application/xml", ...fault.headers }, body };
}
