import type { Meaning } from "./call.ts";
import { fieldOf } from "./fields.ts";

const certificate: Meaning = {
  code: "Misconfigured",
  advice:
    "the service's certificate is not trusted: mend the endpoint, or name its issuer by NODE_EXTRA_CA_CERTS",
};
const invalidUrl: Meaning = { code: "Misconfigured", advice: "mend the endpoint's address" };
const tooManyFiles: Meaning = {
  code: "Throttled",
  advice: "too many files and sockets are open: raise the limit (ulimit -n), or lower the concurrency",
};

/**
 * What no later attempt mends, by the `code` of an error of Node, of its TLS or of its fetch. It is short on purpose: a
 * code that is missing costs some attempts, one too many costs a job.
 */
const lasting: ReadonlyMap<string, Meaning> = new Map([
  ["CERT_HAS_EXPIRED", certificate],
  ["CERT_NOT_YET_VALID", certificate],
  ["CERT_REJECTED", certificate],
  ["CERT_REVOKED", certificate],
  ["CERT_UNTRUSTED", certificate],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", certificate],
  ["ERR_TLS_CERT_ALTNAME_INVALID", certificate],
  ["HOSTNAME_MISMATCH", certificate],
  ["INVALID_CA", certificate],
  ["SELF_SIGNED_CERT_IN_CHAIN", certificate],
  ["UNABLE_TO_GET_ISSUER_CERT", certificate],
  ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", certificate],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", certificate],
  ["ERR_INVALID_PROTOCOL", invalidUrl],
  ["ERR_INVALID_URL", invalidUrl],
  ["ERR_UNESCAPED_CHARACTERS", invalidUrl],
  // These pass once other requests have ended.
  ["EMFILE", tooManyFiles],
  ["ENFILE", tooManyFiles],
]);

/**
 * What a request means that ended without a response of the service: connection refused, reset or silent, a TLS record that
 * broke, a name that was not found, a page of a proxy. All of it may pass, and is `Unavailable`, but for a short list.
 */
export function meaningOfSilence(error: unknown): Meaning {
  for (const code of codesOf(error)) {
    const known = lasting.get(code);
    if (known !== undefined) return known;
  }
  return { code: "Unavailable" };
}

const foreign =
  "the response is not the service's: look at the endpoint, and at the proxies and gateways on the way";
const redirect = "something on the way redirects: if it stays so, set the endpoint to where it leads";
const proxyAuthentication = "the proxy on the way asks for credentials: put them into its URL";

/**
 * What a response means that carries nothing of the service's own: a proxy, a gateway, a load balancer or a portal has
 * written it, or it was cut. Whatever its status, it is no verdict on the service, and may pass.
 *
 * @param waitMs what its `Retry-After` asks for
 */
export function meaningOfForeign(status: number, waitMs?: number): Meaning {
  if (status === 429 || (status === 503 && waitMs !== undefined))
    return { code: "Throttled", advice: foreign };
  if (status >= 300 && status < 400) return { code: "Unavailable", advice: redirect };
  return { code: "Unavailable", advice: status === 407 ? proxyAuthentication : foreign };
}

/** The `code` of an error, or of the first cause that has one: errors of the global fetch have none. */
export function codeOf(error: unknown): string | undefined {
  return codesOf(error)[0];
}

/** Causes may form a circle. */
const deepest = 5;

function codesOf(error: unknown, depth = 0): readonly string[] {
  if (typeof error !== "object" || error === null || depth > deepest) return [];
  const code = fieldOf(error, "code");
  const errors = fieldOf(error, "errors");
  const others: readonly unknown[] = Array.isArray(errors) ? errors : [];
  return [
    ...(typeof code === "string" && code !== "" ? [code] : []),
    ...codesOf(fieldOf(error, "cause"), depth + 1),
    ...others.flatMap((each) => codesOf(each, depth + 1)),
  ];
}

/**
 * The `Retry-After` of a response, in milliseconds. It is in seconds or a date.
 *
 * @param date the response's own `Date`, by the service's clock: this machine's may be wrong
 */
export function retryAfterMs(value: string | null | undefined, date?: string | null): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (/^\s*\d+\s*$/.test(value)) return Number(value) * 1_000;
  const sent = Date.parse(date ?? "");
  const wait = Date.parse(value) - (Number.isNaN(sent) ? Date.now() : sent);
  return Number.isNaN(wait) ? undefined : Math.max(0, wait);
}
