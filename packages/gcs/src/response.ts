/** What the service said, read whole. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly chunks: readonly Uint8Array[];
}

export function textOf(answer: Answer): string {
  return Buffer.concat(answer.chunks).toString("utf8");
}

/** The JSON object of an answer, or `undefined` when it is anything else, or cut. */
export function jsonOf(answer: Answer): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(textOf(answer));
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    // Not JSON, which is what the caller is told.
    return undefined;
  }
}
