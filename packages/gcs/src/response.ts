/** A response of the service whose body has been read to its end. */
export interface ServiceResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly chunks: readonly Uint8Array[];
}

export function textOf(response: ServiceResponse): string {
  return Buffer.concat(response.chunks).toString("utf8");
}

/**
 * The JSON object in a response's body, or `undefined` if the body is anything else, or was cut.
 */
export function jsonOf(response: ServiceResponse): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(textOf(response));
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    // Not JSON: the caller learns it from the `undefined`.
    return undefined;
  }
}

/** The response's `Retry-After`, which is in seconds or a date. */
export function retryAfterMs({ headers }: ServiceResponse): number | undefined {
  const value = headers.get("retry-after");
  if (value === null) return undefined;
  if (/^\d+$/.test(value)) return Number(value) * 1_000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, at - Date.now());
}
