import { StoreError, type StoreErrorCode } from "../errors.ts";
import { plainRedactor, type Redactor, withoutSecrets } from "./secrets.ts";

/** One call of a store, as its errors name it. */
export interface StoreCall {
  /** The store's `name`. */
  readonly store: string;
  readonly operation: "create" | "get" | "list" | "delete" | "examine";
  /** For a listing its prefix, for a delete of many keys the first, for an examination its matter. */
  readonly key: string;
  /** Replaces secrets in the message and in the causes. Default: what looks like a credential. */
  readonly redact?: Redactor | undefined;
}

/** What a failure means to the caller, and what to do about it. */
export interface Meaning {
  readonly code: StoreErrorCode;
  /** A clause without a full stop: `create the bucket, or mend its name`. */
  readonly advice?: string | undefined;
}

export interface FailureDetails {
  readonly cause?: unknown;
  readonly retryAfterMs?: number | undefined;
  /** The fields of the cause that its copy keeps, beside those of every error. They must hold no secret. */
  readonly fields?: readonly string[] | undefined;
}

/** The longest text of a service that goes into a message. */
const longestText = 500;

/**
 * A `StoreError` that names the call, the store, the key and the reason, and says what to do. Neither its message nor its
 * causes hold a secret.
 *
 * @param why what happened, as a clause without a full stop
 */
export function storeError(
  call: StoreCall,
  { code, advice }: Meaning,
  why: string,
  { cause, retryAfterMs, fields }: FailureDetails = {},
): StoreError {
  const { store, operation, key, redact = plainRedactor } = call;
  const said = redact(why.trim())
    .slice(0, longestText)
    .replace(/[.\s]+$/, "");
  const message = `${operation} of ${JSON.stringify(key)} in ${store} failed: ${said}`;
  return new StoreError(code, advice === undefined ? message : `${message}; ${advice}`, {
    key,
    store,
    retryAfterMs,
    cause: withoutSecrets(cause, redact, fields),
  });
}
