import { codeOf, propertyOf } from "./sdk-error.ts";

/**
 * A copy of an error with its name, message, code and status only. The SDK's errors hold the
 * request: its Authorization header, or for a token request the signed assertion.
 */
export function withoutSecrets(error: unknown): Error {
  const message = redact(error instanceof Error ? error.message : String(error));
  const clean = new Error(message);
  if (error instanceof Error) clean.name = error.name;
  const [code, status] = [codeOf(error), propertyOf(error, "status")];
  return Object.assign(clean, code === "" ? {} : { code }, typeof status === "number" ? { status } : {});
}

const secretPatterns: readonly RegExp[] = [
  /(?<=\bBearer\s+)\S+/gi,
  // Access tokens, refresh tokens, API keys, and the secrets of OAuth clients.
  /\bya29\.[\w.-]+/g,
  /\b1\/\/[\w-]{8,}/g,
  /\bAIza[\w-]+/g,
  /\bGOCSPX-[\w-]+/g,
  // A signed JWT, or a part of one.
  /\beyJ[\w-]+(\.[\w-]*)*/g,
  /-----BEGIN[^-]*-----[\s\S]*?(-----END[^-]*-----|$)/g,
  // Any value of such a field of a form, of JSON or of a URL, and the user in a URL.
  /(?<=\b(client_secret|refresh_token|access_token|id_token|subject_token|assertion)["']?\s*[=:]\s*["']?)[^\s"'&]+/gi,
  /(?<=\/\/)[^\s/@]+(?=@)/g,
];

/** Replaces credentials in a text, and cuts it to 500 characters: a page of HTML may be long. */
export function redact(text: string): string {
  const short = text.slice(0, 2_000);
  return secretPatterns.reduce((rest, secret) => rest.replaceAll(secret, "[redacted]"), short).slice(0, 500);
}
