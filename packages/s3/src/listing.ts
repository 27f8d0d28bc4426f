import { ListObjectsV2Command, type ListObjectsV2CommandOutput } from "@aws-sdk/client-s3";
import { checkKey } from "@state/core";
import type { ListedObject, ListOptions, ListPage } from "@state/core";
import { refusal } from "./errors.ts";
import type { Place } from "./errors.ts";

export interface ListRequest {
  readonly bucket: string;
  /** The store's own: `""`, or ending in `/`. */
  readonly root: string;
  readonly prefix: string;
  readonly delimiter: ListOptions["delimiter"];
  readonly place: Place;
}

/** One listing, a request a page. Remembers where it is, and refuses a page that does not go on from there. */
export class Listing {
  readonly #request: ListRequest;
  #token: string | undefined;
  /** Since the last page that was not empty: only empty ones could go round for ever. */
  readonly #tokens: Set<string> = new Set();
  #lastKey = "";
  #lastPrefix = "";

  constructor(request: ListRequest) {
    this.#request = request;
  }

  /** For the next page. Keys come as they are: with `EncodingType` the SDK would give them back encoded. */
  command(): ListObjectsV2Command {
    const { bucket, root, prefix, delimiter } = this.#request;
    return new ListObjectsV2Command({
      Bucket: bucket,
      Prefix: root + prefix,
      ...(delimiter === undefined ? {} : { Delimiter: delimiter }),
      ...(this.#token === undefined ? {} : { ContinuationToken: this.#token }),
    });
  }

  /** What the answer holds, and whether it is the last. */
  read(answer: ListObjectsV2CommandOutput): { readonly page: ListPage; readonly isLast: boolean } {
    this.#expectListing(answer);
    const objects: ListedObject[] = [];
    for (const { Key: name, Size: size } of answer.Contents ?? []) {
      const key = this.#relative(name);
      if (size === undefined) throw this.#unreadable(`${key} came without a size`);
      if (!isKey(key)) continue;
      this.#expectLevel(key);
      this.#expectOrder(key, this.#lastKey);
      this.#lastKey = key;
      objects.push({ key, size });
    }
    const prefixes: string[] = [];
    for (const { Prefix: name } of answer.CommonPrefixes ?? []) {
      const folder = this.#relative(name);
      if (!folder.endsWith("/") || !isKey(folder.slice(0, -1))) continue;
      this.#expectLevel(folder);
      this.#expectOrder(folder, this.#lastPrefix);
      this.#lastPrefix = folder;
      prefixes.push(folder);
    }
    if (objects.length + prefixes.length > 0) this.#tokens.clear();
    return { page: { objects, prefixes }, isLast: this.#advance(answer) };
  }

  #expectListing({ IsTruncated: isTruncated, EncodingType: encoding }: ListObjectsV2CommandOutput): void {
    // Of an answer without a body the SDK makes `{}`, which would be an empty listing.
    if (isTruncated === undefined) throw this.#unreadable("the answer does not say whether it is the last");
    if (encoding !== undefined) {
      throw refusal("Failed", this.#request.place, "the keys came encoded, which nobody asked for");
    }
  }

  /** Goes to the next page, or answers that there is none. */
  #advance({ IsTruncated: isTruncated, NextContinuationToken: token }: ListObjectsV2CommandOutput): boolean {
    if (isTruncated === false) return true;
    if (token === undefined || token === this.#token || this.#tokens.has(token)) {
      throw this.#unreadable("a page that is not the last does not say where the next begins");
    }
    this.#token = token;
    this.#tokens.add(token);
    return false;
  }

  #relative(name: string | undefined): string {
    const { root, prefix, place } = this.#request;
    if (name === undefined) throw this.#unreadable("a key is missing");
    if (!name.startsWith(root + prefix)) {
      throw refusal("Failed", place, `${JSON.stringify(name)} was listed, which is not under the prefix`);
    }
    return name.slice(root.length);
  }

  /** A service that makes folders of its own, or none, would hide what is in them, or that there are any. */
  #expectLevel(name: string): void {
    const { delimiter, prefix, place } = this.#request;
    const isThere =
      delimiter === undefined ? !name.endsWith("/") : !name.slice(prefix.length, -1).includes("/");
    if (isThere) return;
    const how = delimiter === undefined ? "without a delimiter" : "although a delimiter was given";
    throw refusal("Failed", place, `${name} was listed ${how}`);
  }

  /** A page that comes twice, out of a cache or a proxy, would be counted twice. */
  #expectOrder(name: string, last: string): void {
    if (name <= last) throw this.#unreadable(`${name} was listed after ${last}`);
  }

  #unreadable(why: string): Error {
    return refusal("Unavailable", this.#request.place, why);
  }
}

/** What has another name, the `folder/` that a console makes for one, is none of the store's objects. */
function isKey(name: string): boolean {
  try {
    checkKey(name);
    return true;
  } catch {
    return false;
  }
}
