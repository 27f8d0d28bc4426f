import type { ContainerClient } from "@azure/storage-blob";
import { headerOf, objectAt } from "./headers.ts";

const redacted = "REDACTED";

/** What of a client gives access: the signature of a SAS in its address, and an account key. */
export function secretsOf(container: ContainerClient): readonly string[] {
  const [, signature] = /[?&]sig=([^&#]+)/i.exec(container.url) ?? [];
  const key: unknown = Reflect.get(container.credential, "accountKey");
  return [signature, Buffer.isBuffer(key) ? key.toString("base64") : undefined].filter(
    (secret) => secret !== undefined,
  );
}

/**
 * Takes out of a text the secrets, what `error`'s request was signed by, and what looks like either: services, and what
 * is on the way to them, repeat what they were sent.
 */
export function hiderOf(secrets: readonly string[], error: unknown): (text: string) => string {
  const spellings = [...secrets, ...signaturesOf(error)].flatMap(spellingsOf);
  // The longest first: one may be the beginning of another.
  spellings.sort((a, b) => b.length - a.length);
  return (text) =>
    spellings
      .reduce((clean, spelling) => clean.replaceAll(spelling, redacted), text)
      .replaceAll(/\bsig(=|%3D)[^&\s"'<>]+/gi, `sig$1${redacted}`)
      .replaceAll(/\b(SharedKey(?:Lite)?\s+[^\s:]+:)[^\s"'<>,]+/gi, `$1${redacted}`)
      .replaceAll(/\b(Bearer\s+)[\w.~+/=-]{20,}/gi, `$1${redacted}`);
}

/**
 * A copy of an error, and of its causes, that has only what helps to understand it. The SDK's own holds the request, and
 * in it a signature or a token, under several names, some of them not enumerable.
 */
export function withoutSecrets(error: unknown, hide: (text: string) => string, depth = 0): unknown {
  if (error === undefined || depth > 5) return undefined;
  if (!(error instanceof Error)) return new Error(typeof error === "string" ? hide(error) : typeof error);
  const causes = error.cause === undefined ? {} : { cause: withoutSecrets(error.cause, hide, depth + 1) };
  const copy = new Error(hide(error.message), causes);
  const show = (name: string, value: unknown, enumerable = true): void => {
    const shown = typeof value === "string" ? hide(value) : value;
    if (typeof shown !== "string" && typeof shown !== "number") return;
    Object.defineProperty(copy, name, { value: shown, enumerable, configurable: true, writable: true });
  };
  show("name", error.name, false);
  show("stack", error.stack, false);
  show("code", headerOf(error, "response", "x-ms-error-code"));
  // By this the service's support finds the request.
  show("requestId", headerOf(error, "response", "x-ms-request-id"));
  for (const name of shownFields) show(name, Reflect.get(error, name));
  // Node tries the addresses of a host one after the other.
  if (error instanceof AggregateError) {
    const errors = error.errors.map((each) => withoutSecrets(each, hide, depth + 1));
    Object.defineProperty(copy, "errors", { value: errors, configurable: true, writable: true });
  }
  return copy;
}

const shownFields = ["code", "statusCode", "errno", "syscall", "address", "port", "hostname"] as const;

/** What the requests were signed by that an error, or a cause of it, is about: a batch's parts carry theirs in its body. */
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

/** As it is, as it was before it was written into an address, and as it is written into one. */
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
