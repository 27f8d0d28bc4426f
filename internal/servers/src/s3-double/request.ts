import type { IncomingHttpHeaders, IncomingMessage } from "node:http";

/** A request as it came, in path style: the first segment is the bucket. */
export interface SeenRequest {
  readonly method: string;
  /** As it was sent, encoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly bucket: string;
  /** `""` for a request to the bucket itself. */
  readonly key: string;
}

export async function readRequest(message: IncomingMessage): Promise<SeenRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of message as AsyncIterable<Buffer>) chunks.push(chunk);
  const [path = "", query = ""] = (message.url ?? "").split("?", 2);
  const [, bucket = "", ...segments] = path.split("/");
  return {
    method: message.method ?? "",
    path,
    // A plus stays a plus: only in forms does it mean a space.
    query: new URLSearchParams(query.replaceAll("+", "%2B")),
    headers: message.headers,
    body: Buffer.concat(chunks),
    bucket: decodeURIComponent(bucket),
    key: decodeURIComponent(segments.join("/")),
  };
}

export function headerOf(request: SeenRequest, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(",") : value;
}
