import { createHmac, createSecretKey, type KeyObject } from "node:crypto";
import type { AccountKey } from "./connection-string.ts";

/** A request as it goes to the HTTP client. */
export interface PlainRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** A request that the SDK's pipeline has made, and what it was made of. */
export interface Probe {
  readonly key: string;
  /** Of a create: the body's length and its MD5 in Base64. */
  readonly body: BodyHead | undefined;
  readonly request: PlainRequest;
}

export interface BodyHead {
  readonly length: number;
  readonly md5: string;
}

/** What is another in each request. */
interface Moment {
  readonly key: string;
  readonly body: BodyHead | undefined;
  readonly id: string;
  readonly date: string;
}

/** The headers of which each request has values of its own, as `make` sets them. */
const variable: ReadonlySet<string> = new Set([
  "authorization",
  "content-length",
  "content-md5",
  "x-ms-client-request-id",
  "x-ms-date",
]);

/** The headers that are the same in each request of a store. */
const constant: ReadonlySet<string> = new Set([
  "accept",
  "content-type",
  "if-none-match",
  "user-agent",
  "x-ms-access-tier",
  "x-ms-blob-type",
  "x-ms-version",
]);

/** The headers whose values are signed after the body's, in the order of Azure's documentation of Shared Key. */
const signedByValue = [
  "content-type",
  "date",
  "if-modified-since",
  "if-match",
  "if-none-match",
  "if-unmodified-since",
  "range",
];

/** An account with its key. If the key were bytes, an HMAC by it would take Node 24 ten times as long. */
interface Account {
  readonly name: string;
  readonly secret: KeyObject;
}

/** What is the same in the text that each request's signature is of. */
interface SignedParts {
  readonly fixed: string;
  /** The lines of headers `x-ms-…` before, between and after the two that each request has of its own. */
  readonly beforeId: string;
  readonly beforeDate: string;
  readonly afterDate: string;
}

function signedParts(headers: Readonly<Record<string, string>>): SignedParts {
  const byName = new Map(Object.entries(headers).map(([name, value]) => [lower(name), value]));
  const names = [...byName.keys()].filter((name) => name.startsWith("x-ms-")).toSorted();
  const linesOf = (from: string, to: string): string =>
    names
      .filter((name) => from < name && name < to)
      .map((name) => `${name}:${byName.get(name) ?? ""}\n`)
      .join("");
  return {
    fixed: signedByValue.map((name) => `${byName.get(name) ?? ""}\n`).join(""),
    beforeId: linesOf("", "x-ms-client-request-id"),
    beforeDate: linesOf("x-ms-client-request-id", "x-ms-date"),
    afterDate: linesOf("x-ms-date", "x-n"),
  };
}

/**
 * Makes the same requests as the SDK's pipeline for one operation of a store: all that is not of a key, a body or a moment
 * is taken from requests that the pipeline has made.
 */
export class RequestMaker {
  readonly #method: string;
  /** Origin and path, up to the key. */
  readonly #base: string;
  /** `""`, or a SAS with its `?`. */
  readonly #query: string;
  /** The path of the base, as it is signed. */
  readonly #path: string;
  readonly #constant: Readonly<Record<string, string>>;
  readonly #signed: SignedParts;
  readonly #account: Account | undefined;

  /** @throws `Error`, with what is not recognised, if the probes cannot be made again from their keys, bodies and moments */
  constructor(probes: readonly Probe[], key: AccountKey | undefined) {
    const [first] = probes;
    if (first === undefined) throw new Error("nothing was captured");
    const { method, url, headers } = first.request;
    const [address = "", query] = url.split("?", 2);
    const suffix = encoded(first.key);
    if (!address.endsWith(suffix)) throw new Error("the address of a blob is another than its key's");
    this.#method = method;
    this.#base = address.slice(0, -suffix.length);
    this.#query = query === undefined ? "" : `?${query}`;
    this.#path = new URL(this.#base).pathname;
    this.#account =
      key === undefined ? undefined : { name: key.accountName, secret: createSecretKey(key.accountKey) };
    const unknown = Object.keys(headers).filter(
      (name) => !variable.has(lower(name)) && !constant.has(lower(name)),
    );
    if (unknown.length > 0) throw new Error(`the requests have the header ${unknown.join(", ")}`);
    if (key !== undefined && query !== undefined)
      throw new Error("the address of a signed request has a query");
    this.#constant = Object.fromEntries(
      Object.entries(headers).filter(([name]) => constant.has(lower(name))),
    );
    this.#signed = signedParts(this.#constant);
    for (const probe of probes) this.#compare(probe);
  }

  /** The request for a key. */
  make(key: string, body: BodyHead | undefined): PlainRequest {
    return this.#make({ key, body, id: crypto.randomUUID(), date: new Date().toUTCString() });
  }

  #make(moment: Moment): PlainRequest {
    const { key, body, id, date } = moment;
    const name = encoded(key);
    const headers: Record<string, string> = { ...this.#constant, "x-ms-client-request-id": id };
    if (body !== undefined) {
      headers["Content-Length"] = String(body.length);
      headers["Content-MD5"] = body.md5;
    }
    if (this.#account !== undefined) {
      headers["x-ms-date"] = date;
      headers["Authorization"] = this.#authorization(name, moment, this.#account);
    }
    return { method: this.#method, url: `${this.#base}${name}${this.#query}`, headers };
  }

  #authorization(name: string, { body, id, date }: Moment, account: Account): string {
    const { fixed, beforeId, beforeDate, afterDate } = this.#signed;
    // A length of zero is signed as none.
    const length = body === undefined || body.length === 0 ? "" : String(body.length);
    const text =
      `${this.#method}\n\n\n${length}\n${body?.md5 ?? ""}\n${fixed}` +
      `${beforeId}x-ms-client-request-id:${id}\n${beforeDate}x-ms-date:${date}\n${afterDate}` +
      `/${account.name}${this.#path}${name}`;
    const signature = createHmac("sha256", account.secret).update(text).digest("base64");
    return `SharedKey ${account.name}:${signature}`;
  }

  #compare({ key, body, request }: Probe): void {
    const byName = new Map(Object.entries(request.headers).map(([name, value]) => [lower(name), value]));
    const [id = "", date = ""] = ["x-ms-client-request-id", "x-ms-date"].map((name) => byName.get(name));
    const own = this.#make({ key, body, id, date });
    if (own.method !== request.method || own.url !== request.url)
      throw new Error("the SDK's address of a blob is not the expected one");
    for (const [name, value] of Object.entries(own.headers)) {
      if (byName.get(lower(name)) !== value) throw new Error(`the SDK's ${name} is not the expected one`);
      byName.delete(lower(name));
    }
    if (byName.size > 0) throw new Error(`the requests have the header ${[...byName.keys()].join(", ")}`);
  }
}

function lower(name: string): string {
  return name.toLowerCase();
}

/** As the SDK encodes a key: of the characters that keys have, `=` alone is another in an address. */
function encoded(key: string): string {
  return key.replaceAll("=", "%3D");
}
