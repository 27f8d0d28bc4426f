import { createHmac, createSecretKey, hash, type KeyObject } from "node:crypto";

/** The key of a day, a region and a service. If it were bytes, an HMAC by it would take Node 24 ten times as long. */
export class SigningKey {
  readonly #key: KeyObject;

  /** @param scope `20260131/us-east-1/s3/aws4_request` */
  constructor(secretAccessKey: string, scope: string) {
    const secret = Buffer.from(`AWS4${secretAccessKey}`);
    this.#key = createSecretKey(
      scope.split("/").reduce((key, part) => createHmac("sha256", key).update(part).digest(), secret),
    );
  }

  /** The HMAC of a text, in hexadecimal. */
  sign(text: string): string {
    return createHmac("sha256", this.#key).update(text).digest("hex");
  }
}

/**
 * The text whose HMAC is the signature of AWS, version 4:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 *
 * @param canonical the request in its canonical form
 */
export function textToSign(canonical: string, date: string, scope: string): string {
  return `AWS4-HMAC-SHA256\n${date}\n${scope}\n${hash("sha256", canonical)}`;
}

const plain = /^[\w.~=-]*$/;

/** A text as it stands in a path or a query: the SDK escapes what `encodeURIComponent` leaves, too. */
export function escaped(text: string): string {
  if (plain.test(text)) return text.replaceAll("=", "%3D");
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** The query in its canonical form. */
export function canonicalQuery(query: Readonly<Record<string, string>>): string {
  return Object.keys(query)
    .map((name) => [escaped(name), escaped(query[name] ?? "")] as const)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
}

/** A header's value in its canonical form. */
export function trimmed(value: string): string {
  return value.trim().replaceAll(/\s+/g, " ");
}
