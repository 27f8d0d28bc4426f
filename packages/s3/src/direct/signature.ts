import { createHmac, createSecretKey, hash, type KeyObject } from "node:crypto";

/** What is signed of a request. `headers` have lower-case names. */
export interface Signable {
  readonly method: string;
  /** Escaped. S3 signs it as it is sent. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
}

/** The key of a day, a region and a service, the last three parts of a scope but one. */
export function signingKeyOf(secretAccessKey: string, scope: string): KeyObject {
  const key = scope
    .split("/")
    .reduce<string | Buffer>(
      (secret, part) => createHmac("sha256", secret).update(part).digest(),
      `AWS4${secretAccessKey}`,
    );
  return createSecretKey(Buffer.from(key));
}

/**
 * The signature of AWS, version 4, of a request that has its date in `x-amz-date` and the SHA-256 of its body in
 * `x-amz-content-sha256`: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 *
 * @param names the headers that are signed, in order
 * @param scope `20260131/us-east-1/s3/aws4_request`
 */
export function signatureOf(
  request: Signable,
  names: readonly string[],
  scope: string,
  key: KeyObject,
): string {
  const { method, path, query, headers } = request;
  const lines = names.map((name) => `${name}:${trimmed(headers[name] ?? "")}\n`).join("");
  const digest = headers["x-amz-content-sha256"] ?? "";
  const canonical = `${method}\n${path}\n${canonicalQuery(query)}\n${lines}\n${names.join(";")}\n${digest}`;
  const text = `AWS4-HMAC-SHA256\n${headers["x-amz-date"] ?? ""}\n${scope}\n${hash("sha256", canonical)}`;
  return createHmac("sha256", key).update(text).digest("hex");
}

/** A text as it stands in a path or a query: the SDK escapes what `encodeURIComponent` leaves, too. */
export function escaped(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function canonicalQuery(query: Readonly<Record<string, string>>): string {
  return Object.keys(query)
    .map((name) => [escaped(name), escaped(query[name] ?? "")] as const)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
}

function trimmed(value: string): string {
  return value.trim().replaceAll(/\s+/g, " ");
}
