import type { ContainerClient } from "@azure/storage-blob";
import { headerOf, objectAt } from "./sdk-error.ts";

const redacted = "REDACTED";

/** The secrets of a client: the signature of a SAS in its address, and an account key. */
export function secretsOf(container: ContainerClient): readonly string[] {
  const [, signature] = /[?&]sig=([^&#]+)/i.exec(container.url) ?? [];
  const key: unknown = Reflect.get(container.credential, "accountKey");
  return [signature, Buffer.isBuffer(key) ? key.toString("base64") : undefined].filter(
    (secret) => secret !== undefined,
  );
}

/**
 * Returns a function that replaces in a text the secrets, the signatures of `error`'s request, and
 * what looks like either: services and proxies echo what they were sent.
 */
export function redactorOf(secrets: readonly string[], error: unknown): (text: string) => string {
  const spellings = [...secrets, ...signaturesOf(error)].flatMap(spellingsOf);
  // The longest first, because one may be the beginning of another.
  spellings.sort((a, b) => b.length - a.length);
  return (text) =>
    spellings
      .reduce((clean, spelling) => clean.replaceAll(spelling, redacted), text)
      .replaceAll(/\bsig(=|%3D)[^&\s"'<>]+/gi, `sig$1${redacted}`)
      .replaceAll(/\b(SharedKey(?:Lite)?\s+[^\s:]+:)[^\s"'<>,]+/gi, `$1${redacted}`)
      .replaceAll(/\b(Bearer\s+)[\w.~+/=-]{20,}/gi, `$1${redacted}`);
}

/**
 * A copy of an error, and of its causes, with the fields that help to understand it. The SDK's
 * error holds the request, and in it a signature or a token, under several names, some of them not
 * enumerable.
 */
export function withoutSecrets(error: unknown, redact: (text: string) => string, depth = 0): unknown {
  if (error === undefined || depth > 5) return undefined;
  if (!(error instanceof Error)) return new Error(typeof error === "string" ? redact(error) : typeof error);
  const causes = error.cause === undefined ? {} : { cause: withoutSecrets(error.cause, redact, depth + 1) };
  const copy = new Error(redact(error.message), causes);
  const show = (name: string, value: unknown, enumerable = true): void => {
    const shown = typeof value === "string" ? redact(value) : value;
    if (typeof shown !== "string" && typeof shown !== "number") return;
    Object.defineProperty(copy, name, { value: shown, enumerable, configurable: true, writable: true });
  };
  show("name", error.name, false);
  show("stack", error.stack, false);
  show("code", headerOf(error, "response", "x-ms-error-code"));
  // The service's support finds the request by its id.
  show("requestId", headerOf(error, "response", "x-ms-request-id"));
  for (const name of shownFields) show(name, Reflect.get(error, name));
  // If Node tries several addresses of a host, it throws an AggregateError with an error for each.
  if (error instanceof AggregateError) {
    const errors = error.errors.map((each) => withoutSecrets(each, redact, depth + 1));
    Object.defineProperty(copy, "errors", { value: errors, configurable: true, writable: true });
  }
  return copy;
}

const shownFields = ["code", "statusCode", "errno", "syscall", "address", "port", "hostname"] as const;

/**
 * The signatures of the requests of an error and its causes. The parts of a batch have theirs in
 * the batch's body.
 */
function signaturesOf(error: unknown, depth = 0): readonly string[] {
  if (!(error instanceof Error) || depth > 5) return [];
  const body: unknown = Reflect.get(objectAt(error, "request"), "body");
  const texts = [headerOf(error, "request", "authorization"), body].filter(
    (text) => typeof text === "string",
  );
  const signatures = texts.flatMap((text) =>
    [...text.matchAll(/\b(?:Bearer|SharedKey(?:Lite)?)\s+(?:[^\s:]+:)?(\S+)/g)].map(
      ([, signature = ""]) => signature,
    ),
  );
  return [...signatures, ...signaturesOf(error.cause, depth + 1)];
}

/** The secret as it is, decoded from a URL, and encoded for one. */
function spellingsOf(secret: string): readonly string[] {
  const plain = decoded(secret);
  const encoded = encodeURIComponent(plain);
  return [secret, plain, encoded, encoded.replaceAll(/%../g, (code) => code.toLowerCase())].filter(Boolean);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return text;
    throw error;
  }
}
