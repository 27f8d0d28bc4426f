import { randomUUID } from "node:crypto";
import type { Digests } from "../body.ts";
import { canonicalQuery, escaped, SigningKey, textToSign, trimmed } from "./signature.ts";

/** A request as the SDK's pipeline hands it to its handler. */
export interface WireRequest extends Fields {
  readonly constructor: new (fields: Fields) => WireRequest;
}

interface Fields {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** What a request has of its own; the rest is that of all requests of its kind. */
export interface RequestInput {
  /** The object's full name. */
  readonly name?: string | undefined;
  readonly query?: Readonly<Record<string, string>> | undefined;
  readonly body?: Uint8Array | undefined;
  /** Those of the body. */
  readonly digests?: Digests | undefined;
}

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

/** What differs from one request to the next though its input is the same. */
export interface Moment {
  readonly credentials: Credentials;
  /** `20260131T235959Z` */
  readonly date: string;
  readonly invocationId: string;
}

const checksum = "x-amz-checksum-crc32";
const emptySha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/** One kind of request, by what the SDK made of one of them: its headers, its host, what is signed. */
export class Template {
  readonly #sent: WireRequest;
  /** The path of an object is this and its escaped name; of the bucket, this. */
  readonly #path: string;
  readonly #query: Readonly<Record<string, string>>;
  readonly #headers: Readonly<Record<string, string>>;
  /** Of what is signed, the headers: a line, or the name of one whose value each request has for itself. */
  readonly #signed: readonly SignedHeader[];
  readonly #signedNames: string;
  readonly #canonicalQuery: string;
  /** Of the scope, what follows the day. */
  readonly #place: string;
  #key: { readonly key: SigningKey; readonly secret: string; readonly scope: string } | undefined;

  /** @throws `Error` that says why, if the request is not signed as these requests are */
  constructor(sent: WireRequest, { name, query = {} }: RequestInput) {
    const [, place, names] =
      /^AWS4-HMAC-SHA256 Credential=[^/]+\/\d{8}(\/[^,]+), SignedHeaders=([^,]+), Signature=[0-9a-f]{64}$/.exec(
        sent.headers["authorization"] ?? "",
      ) ?? [];
    if (place === undefined || names === undefined)
      throw new Error("requests have no signature of version 4");
    if (sent.headers["x-amzn-trace-id"] !== undefined) throw new Error("requests have the trace of a Lambda");
    const object = name === undefined ? "" : escapedPath(name);
    if (!sent.path.endsWith(object)) throw new Error("the path does not end in the object's name");
    this.#sent = sent;
    this.#path = sent.path.slice(0, sent.path.length - object.length);
    this.#query = Object.fromEntries(
      Object.entries(sent.query).filter(([each]) => query[each] === undefined),
    );
    this.#headers = { ...sent.headers };
    this.#signedNames = names;
    this.#signed = names.split(";").map((each) => signedHeader(each, sent.headers));
    this.#canonicalQuery = canonicalQuery(this.#query);
    this.#place = place;
  }

  get hasToken(): boolean {
    return this.#headers["x-amz-security-token"] !== undefined;
  }

  /** The signed request, of the SDK's own class. */
  request({ name, query, body, digests }: RequestInput, moment: Moment): WireRequest {
    const { credentials, date, invocationId } = moment;
    const { accessKeyId, secretAccessKey, sessionToken } = credentials;
    const headers: Record<string, string> = { ...this.#headers };
    headers["amz-sdk-invocation-id"] = invocationId;
    headers["x-amz-date"] = date;
    headers["x-amz-content-sha256"] = digests?.sha256 ?? emptySha256;
    if (sessionToken !== undefined) headers["x-amz-security-token"] = sessionToken;
    if (body !== undefined) headers["content-length"] = String(body.byteLength);
    if (digests !== undefined && headers[checksum] !== undefined) headers[checksum] = digests.crc32;
    const path = name === undefined ? this.#path : this.#path + escapedPath(name);
    const allQuery = query === undefined ? this.#query : { ...this.#query, ...query };
    const inQuery = query === undefined ? this.#canonicalQuery : canonicalQuery(allQuery);
    let lines = "";
    for (const { line, name: header } of this.#signed)
      lines += line ?? `${header}:${headers[header] ?? ""}\n`;
    const { method } = this.#sent;
    const digest = headers["x-amz-content-sha256"];
    const canonical = `${method}\n${path}\n${inQuery}\n${lines}\n${this.#signedNames}\n${digest}`;
    const scope = date.slice(0, 8) + this.#place;
    const signature = this.#keyOf(secretAccessKey, scope).sign(textToSign(canonical, date, scope));
    headers["authorization"] =
      `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${this.#signedNames}, Signature=${signature}`;
    const fields = { ...this.#sent, path, query: allQuery, headers, body };
    return new this.#sent.constructor(fields);
  }

  #keyOf(secret: string, scope: string): SigningKey {
    if (this.#key?.secret !== secret || this.#key.scope !== scope)
      this.#key = { key: new SigningKey(secret, scope), secret, scope };
    return this.#key.key;
  }
}

interface SignedHeader {
  readonly name: string;
  readonly line: string | undefined;
}

/** The headers whose values each request has for itself. They need no trimming. */
const variable: ReadonlySet<string> = new Set([
  "amz-sdk-invocation-id",
  "content-length",
  "x-amz-content-sha256",
  "x-amz-date",
  "x-amz-security-token",
  checksum,
]);

function signedHeader(name: string, headers: Readonly<Record<string, string>>): SignedHeader {
  return { name, line: variable.has(name) ? undefined : `${name}:${trimmed(headers[name] ?? "")}\n` };
}

let lastSecond = 0;
let lastDate = "";

/** @param offsetMs by how much the service's clock is ahead of this machine's */
export function momentOf(credentials: Credentials, offsetMs: number): Moment {
  const second = Math.floor((Date.now() + offsetMs) / 1_000);
  if (second !== lastSecond) {
    lastDate = new Date(second * 1_000).toISOString().replaceAll(/[:-]|\.\d{3}/g, "");
    lastSecond = second;
  }
  return { credentials, date: lastDate, invocationId: randomUUID() };
}

const plainPath = /^[\w.~=/-]*$/;

function escapedPath(name: string): string {
  if (plainPath.test(name)) return name.replaceAll("=", "%3D");
  return name.split("/").map(escaped).join("/");
}
