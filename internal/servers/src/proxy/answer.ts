/** An HTTP answer, whole. */
export interface Answer {
  readonly status: number;
  /** As sent: names in their case, and more than once where they were. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
}

export function answerOf(
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string | Buffer = "",
): Answer {
  return { status, headers: Object.entries(headers), body: Buffer.from(body) };
}

const framing = new Set(["connection", "content-length", "keep-alive", "transfer-encoding"]);

/** The headers without those that say how the body is sent: that is the proxy's to say. */
export function withoutFraming({ headers }: Answer): readonly (readonly [string, string])[] {
  return headers.filter(([name]) => !framing.has(name.toLowerCase()));
}
