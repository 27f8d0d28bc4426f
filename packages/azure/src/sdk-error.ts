/**
 * The fields of an error of the SDK, or of a part of a batch's response, that say what it means.
 */
export interface SdkError {
  /** `undefined` if there was no response. */
  readonly status?: number | undefined;
  /** The service's error code. Without one, that of the system or of the SDK. */
  readonly code?: string | undefined;
  readonly retryAfter?: string | undefined;
  /**
   * Whether the service itself sent the response, and not a proxy: it has the service's request id.
   */
  readonly isFromService?: boolean | undefined;
}

/** The response is not one of the blob service, or only a part of one. */
export class UnreadableResponse extends Error {
  constructor(why: string, cause?: unknown) {
    super(why, cause === undefined ? undefined : { cause });
    this.name = "UnreadableResponse";
  }
}

/** Reads an error of the SDK. Returns `undefined` for an error that is not about a request. */
export function readSdkError(error: unknown): SdkError | undefined {
  if (!(error instanceof Error)) return undefined;
  const status = numberAt(error, "statusCode");
  const code = textAt(error, "code");
  if (status === undefined) {
    // An AbortError is not only the caller's: the SDK calls a dropped connection so too.
    const isNetwork = code !== undefined || error.name === "AbortError" || error.name === "RestError";
    return isNetwork && !(error instanceof TypeError || error instanceof RangeError) ? { code } : undefined;
  }
  const header = (name: string): string | undefined => headerOf(error, "response", name);
  const own = code === "PARSE_ERROR" ? undefined : code;
  return {
    status,
    code: own ?? textAt(objectAt(error, "details"), "errorCode") ?? header("x-ms-error-code") ?? code,
    retryAfter: header("retry-after"),
    isFromService: header("x-ms-request-id") !== undefined,
  };
}

/** Parses a `Retry-After`, which is in seconds or a date. */
export function retryAfterMs(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}

/** A header of the request or the response that an error of the SDK refers to. */
export function headerOf(error: object, side: "request" | "response", name: string): string | undefined {
  const headers = objectAt(objectAt(error, side), "headers");
  const get: unknown = Reflect.get(headers, "get");
  const value: unknown = typeof get === "function" ? get.call(headers, name) : undefined;
  return typeof value === "string" ? value : undefined;
}

/** The field's value if it is an object, else an empty object. */
export function objectAt(value: object, name: string): object {
  const found: unknown = Reflect.get(value, name);
  return typeof found === "object" && found !== null ? found : {};
}

function textAt(value: object, name: string): string | undefined {
  const found: unknown = Reflect.get(value, name);
  return typeof found === "string" && found !== "" ? found : undefined;
}

function numberAt(value: object, name: string): number | undefined {
  const found: unknown = Reflect.get(value, name);
  return typeof found === "number" ? found : undefined;
}
