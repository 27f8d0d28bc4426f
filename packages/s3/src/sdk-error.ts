/**
 * The fields of an error of the SDK that say what it means. Any may be missing: several libraries
 * throw such errors.
 */
export interface SdkError {
  /** The service's code, or the SDK's name for what happened on the client. */
  readonly name: string;
  readonly status: number | undefined;
  /**
   * Whether the SDK could parse the service's error. It cannot parse a proxy's page, or a response
   * that was cut.
   */
  readonly isParsed: boolean;
  /** The `code` of an error of Node or of the system. */
  readonly code: string | undefined;
  readonly message: string;
  readonly retryAfterMs: number | undefined;
  /** The bucket's region, where the service names it. */
  readonly region: string | undefined;
}

export function readSdkError(error: unknown): SdkError {
  const headers = fieldOf(fieldOf(error, "$response"), "headers");
  const status = fieldOf(fieldOf(error, "$metadata"), "httpStatusCode");
  return {
    name: textOf(error, "name") ?? "Error",
    status: typeof status === "number" ? status : undefined,
    isParsed: fieldOf(error, "$fault") !== undefined,
    code: textOf(error, "code"),
    // The SDK's hint names the field `$response`, which the cause does not keep.
    message: (textOf(error, "message") ?? String(error)).replace(/\n {2}Deserialization error: .*$/, ""),
    retryAfterMs: retryAfterMs(textOf(headers, "retry-after"), textOf(headers, "date")),
    region: textOf(headers, "x-amz-bucket-region"),
  };
}

/**
 * `Retry-After` is in seconds, or a date. A date is compared with the response's own date, that of
 * the service's clock.
 */
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
