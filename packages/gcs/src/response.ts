import { fieldOf, type RunningRequest } from "@state/core/adapter";

/** What is read of headers, of whatever kind they are. */
export type ResponseHeaders = Pick<Headers, "get" | "has">;

/** A response of which the head has come. */
export interface StreamedResponse {
  readonly status: number;
  readonly headers: ResponseHeaders;
  readonly body: AsyncIterable<Uint8Array>;
}

/** A response with its text. */
export interface TextResponse {
  readonly status: number;
  readonly headers: ResponseHeaders;
  /** Ends at the limit, if the body is longer. */
  readonly text: string;
  readonly isCut: boolean;
}

/** For whatever is not a page of a listing. */
export const shortText: number = 64 * 1024;
/** For a page of a listing: 1,000 names of 1,024 bytes, whatever their letters are escaped as. */
export const pageText: number = 64 * 2 ** 20;

/** Reads a text of at most `limit` bytes. The rest is not read: its connection is closed. */
export async function readText(
  { status, headers, body }: StreamedResponse,
  request: Pick<RunningRequest, "received">,
  limit: number = shortText,
): Promise<TextResponse> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of body) {
    request.received();
    parts.push(part);
    length += part.byteLength;
    if (length > limit) break;
  }
  const text = Buffer.concat(parts, Math.min(length, limit)).toString("utf8");
  return { status, headers, text, isCut: length > limit };
}

/** The JSON object in a response's body, or `undefined` if the body is anything else, or was cut. */
export function jsonOf({ text }: TextResponse): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    // Not JSON: the caller learns it from the `undefined`.
    return undefined;
  }
}

/** gaxios 6 has a plain object, later ones have a `Headers` of one kind or another, which is not copied: that is slow. */
export function headersOf(value: unknown): ResponseHeaders {
  if (isHeaders(value)) return value;
  return new Headers(typeof value === "object" && value !== null ? (value as HeadersInit) : {});
}

function isHeaders(value: unknown): value is ResponseHeaders {
  return ["get", "has"].every((name) => typeof fieldOf(value, name) === "function");
}
