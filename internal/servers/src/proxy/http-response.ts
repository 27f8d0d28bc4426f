/** A whole HTTP response. */
export interface HttpResponse {
  readonly status: number;
  /** As sent: names keep their case, and a repeated header is repeated. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
}

export function httpResponse(
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string | Buffer = "",
): HttpResponse {
  return { status, headers: Object.entries(headers), body: Buffer.from(body) };
}

const framing = new Set(["connection", "content-length", "keep-alive", "transfer-encoding"]);

/** The headers without those that say how the body is sent, which the proxy sets itself. */
export function withoutFraming({ headers }: HttpResponse): readonly (readonly [string, string])[] {
  return headers.filter(([name]) => !framing.has(name.toLowerCase()));
}
