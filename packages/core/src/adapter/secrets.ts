/** Replaces the secrets in a text. */
export type Redactor = (text: string) => string;

const redacted = "[redacted]";

/** What looks like a credential, whoever issued it. */
const patterns: readonly RegExp[] = [
  /(?<=\b(?:Bearer|Basic|Negotiate)\s+)[\w.~+/=-]{8,}/gi,
  // The signature of a request, in a header, in XML or in JSON.
  /(?<=\b(?:sig|Signature|X-Amz-Signature|X-Goog-Signature)(?:=|%3D|["']?\s*:\s*["']?|>)\s*)[^&\s"'<>,]+/gi,
  /(?<=\bSharedKey(?:Lite)?\s+[^\s:]+:)[^\s"'<>,]+/gi,
  /(?<=\b(?:X-Amz-Security-Token|x-amz-security-token|SecurityToken|SessionToken)["']?\s*(?:=|%3D|:|>)\s*["']?)[^&\s"'<>,]+/gi,
  // A signed JWT, or a part of one.
  /\beyJ[\w-]{8,}(?:\.[\w-]*)*/g,
  // Google's access tokens, refresh tokens, API keys, and the secrets of OAuth clients.
  /\bya29\.[\w.-]+/g,
  /\b1\/\/[\w-]{8,}/g,
  /\bAIza[\w-]+/g,
  /\bGOCSPX-[\w-]+/g,
  /-----BEGIN[^-]*-----[\s\S]*?(?:-----END[^-]*-----|$)/g,
  // The value of such a field of a form, of JSON or of a URL, and the user in a URL.
  /(?<=\b(?:client_secret|refresh_token|access_token|id_token|subject_token|assertion|SecretAccessKey|AccountKey|SharedAccessSignature)["']?\s*[=:]\s*["']?)[^\s"'&;]+/gi,
  /(?<=\/\/)[^\s/@]+(?=@)/g,
];

/** Replaces what looks like a credential. */
export const plainRedactor: Redactor = (text) =>
  patterns.reduce((rest, pattern) => rest.replaceAll(pattern, redacted), text);

/**
 * Replaces the given secrets too, in every spelling: as they are, decoded from a URL, and encoded for one. Services and
 * proxies echo what they were sent.
 */
export function redactorOf(secrets: Iterable<string | undefined>): Redactor {
  const spellings = new Set<string>();
  for (const secret of secrets) for (const spelling of spellingsOf(secret ?? "")) spellings.add(spelling);
  // The longest first, because one may be the beginning of another.
  const ordered = [...spellings].toSorted((a, b) => b.length - a.length);
  return (text) =>
    plainRedactor(ordered.reduce((rest, spelling) => rest.replaceAll(spelling, redacted), text));
}

/** A secret that is shorter would be replaced wherever its letters stand. */
const shortestSecret = 6;

function spellingsOf(secret: string): readonly string[] {
  const plain = decoded(secret);
  const encoded = encodeURIComponent(plain);
  const lower = encoded.replaceAll(/%../g, (code) => code.toLowerCase());
  return [secret, plain, encoded, lower].filter(({ length }) => length >= shortestSecret);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return text;
    throw error;
  }
}

/** The fields that the copy of any error keeps. Any other may lead to the request, and so to its credentials. */
const harmlessFields = [
  "code",
  "errno",
  "syscall",
  "address",
  "port",
  "hostname",
  "status",
  "statusCode",
  "requestId",
];
/** The same of an object that is no error, such as an SDK's metadata of a response. */
const harmlessOfObjects: readonly string[] = [
  ...harmlessFields,
  "name",
  "message",
  "httpStatusCode",
  "extendedRequestId",
  "cfId",
  "attempts",
];

/** Causes may form a circle, and may be long. */
const deepest = 5;

/**
 * A copy of what was thrown, and of its causes, that can be printed and logged. It has the name, message and stack of the
 * original, without secrets, and its harmless fields; it has its prototype, so that `instanceof` still works. It is a
 * copy because some fields of an SDK's errors cannot be deleted.
 *
 * @param fields kept beside those of every error. Texts in them are redacted
 */
export function withoutSecrets(
  thrown: unknown,
  redact: Redactor = plainRedactor,
  fields: readonly string[] = [],
  depth = 0,
): unknown {
  if (typeof thrown === "string") return redact(thrown);
  if (typeof thrown !== "object" || thrown === null) return typeof thrown === "function" ? undefined : thrown;
  if (depth > deepest) return undefined;
  if (!(thrown instanceof Error)) return flatCopy(thrown, redact);
  const copy = new Error();
  // Otherwise the copy of an error without a stack would have the stack of this call.
  Reflect.deleteProperty(copy, "stack");
  Object.setPrototypeOf(copy, Object.getPrototypeOf(thrown));
  const put = (name: string, value: unknown, enumerable: boolean): void => {
    if (value === undefined) return;
    Object.defineProperty(copy, name, { value, enumerable, configurable: true, writable: true });
  };
  for (const name of ["name", "message", "stack"]) {
    const text: unknown = Reflect.get(thrown, name);
    if (typeof text === "string") put(name, redact(text), false);
  }
  for (const name of [...harmlessFields, ...fields]) {
    const value: unknown = Reflect.get(thrown, name);
    if (value !== undefined) put(name, shown(value, redact), true);
  }
  put("cause", withoutSecrets(thrown.cause, redact, fields, depth + 1), false);
  // If Node tries several addresses of a host, it throws an error for each.
  const errors: unknown = Reflect.get(thrown, "errors");
  if (Array.isArray(errors)) {
    put(
      "errors",
      errors.map((each) => withoutSecrets(each, redact, fields, depth + 1)),
      false,
    );
  }
  return copy;
}

function shown(value: unknown, redact: Redactor): unknown {
  if (typeof value === "string") return redact(value);
  if (typeof value === "number" || typeof value === "boolean") return value;
  return typeof value === "object" && value !== null ? flatCopy(value, redact) : undefined;
}

function flatCopy(value: object, redact: Redactor): object {
  if (Array.isArray(value))
    return value.filter((each) => typeof each === "string").map((each: string) => redact(each));
  const copy: Record<string, unknown> = {};
  for (const name of harmlessOfObjects) {
    const each: unknown = Reflect.get(value, name);
    if (typeof each === "string") copy[name] = redact(each);
    else if (typeof each === "number" || typeof each === "boolean") copy[name] = each;
  }
  return copy;
}
