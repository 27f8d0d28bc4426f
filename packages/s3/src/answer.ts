/** What the SDK rejected with, read for what it means. Nothing of it is sure: the errors come from many hands. */
export interface Answer {
  /** The service's code, or the SDK's name for what happened on the client. */
  readonly name: string;
  readonly status: number | undefined;
  /** The service's own words were understood: not for a proxy's page, or half an answer. */
  readonly isRead: boolean;
  /** Of a system error. */
  readonly code: string | undefined;
  readonly message: string;
  readonly retryAfterMs: number | undefined;
  /** The bucket's region, where the service names it. */
  readonly region: string | undefined;
}

export function answerOf(error: unknown): Answer {
  const headers = fieldOf(fieldOf(error, "$response"), "headers");
  const status = fieldOf(fieldOf(error, "$metadata"), "httpStatusCode");
  return {
    name: textOf(error, "name") ?? "Error",
    status: typeof status === "number" ? status : undefined,
    isRead: fieldOf(error, "$fault") !== undefined,
    code: textOf(error, "code"),
    // Without the SDK's hint at a field that the cause does not keep.
    message: (textOf(error, "message") ?? String(error)).replace(/\n {2}Deserialization error: .*$/, ""),
    retryAfterMs: retryAfterMs(textOf(headers, "retry-after"), textOf(headers, "date")),
    region: textOf(headers, "x-amz-bucket-region"),
  };
}

/** From seconds, or from a date, which is measured on the service's own clock. */
function retryAfterMs(value: string | undefined, date: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d+$/.test(value)) return Number(value) * 1_000;
  const wait = Date.parse(value) - (date === undefined ? Date.now() : Date.parse(date));
  return Number.isNaN(wait) ? undefined : Math.max(0, wait);
}

function textOf(value: unknown, name: string): string | undefined {
  const text = fieldOf(value, name);
  return typeof text === "string" ? text : undefined;
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
