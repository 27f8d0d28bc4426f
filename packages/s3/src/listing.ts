import { ListObjectsV2Command, type ListObjectsV2CommandOutput } from "@aws-sdk/client-s3";
import { checkKey } from "@state/core/adapter";
import type { ListedObject, ListOptions, ListPage } from "@state/core";
import { storeError } from "./errors.ts";
import type { Operation } from "./errors.ts";

export interface ListRequest {
  readonly bucket: string;
  /** The store's own: `""`, or ending in `/`. */
  readonly root: string;
  readonly prefix: string;
  readonly delimiter: ListOptions["delimiter"];
  readonly operation: Operation;
}

/**
 * One listing, with a request for each page. Refuses a page that does not continue the one before
 * it.
 */
export class Listing {
  readonly #request: ListRequest;
  #token: string | undefined;
  /**
   * The tokens since the last page that was not empty. A page with keys is checked by their order;
   * empty pages may repeat for ever.
   */
  readonly #tokens: Set<string> = new Set();
  #lastKey = "";
  #lastPrefix = "";

  constructor(request: ListRequest) {
    this.#request = request;
  }

  /**
   * The request for the next page. It sets no `EncodingType`: with one, the SDK would return the
   * keys encoded.
   */
  command(): ListObjectsV2Command {
    const { bucket, root, prefix, delimiter } = this.#request;
    return new ListObjectsV2Command({
      Bucket: bucket,
      Prefix: root + prefix,
      ...(delimiter === undefined ? {} : { Delimiter: delimiter }),
      ...(this.#token === undefined ? {} : { ContinuationToken: this.#token }),
    });
  }

  /** The page in a response, and whether it is the last one. */
  read(response: ListObjectsV2CommandOutput): { readonly page: ListPage; readonly isLast: boolean } {
    this.#expectListing(response);
    const objects: ListedObject[] = [];
    for (const { Key: name, Size: size } of response.Contents ?? []) {
      const key = this.#relative(name);
      if (size === undefined) throw this.#unreadable(`${key} came without a size`);
      if (!isKey(key)) continue;
      this.#expectLevel(key);
      this.#expectOrder(key, this.#lastKey);
      this.#lastKey = key;
      objects.push({ key, size });
    }
    const prefixes: string[] = [];
    for (const { Prefix: name } of response.CommonPrefixes ?? []) {
      const folder = this.#relative(name);
      if (!folder.endsWith("/") || !isKey(folder.slice(0, -1))) continue;
      this.#expectLevel(folder);
      this.#expectOrder(folder, this.#lastPrefix);
      this.#lastPrefix = folder;
      prefixes.push(folder);
    }
    if (objects.length + prefixes.length > 0) this.#tokens.clear();
    return { page: { objects, prefixes }, isLast: this.#advance(response) };
  }

  #expectListing({ IsTruncated: isTruncated, EncodingType: encoding }: ListObjectsV2CommandOutput): void {
    // The SDK reads a response without a body as `{}`, which would be an empty listing.
    if (isTruncated === undefined) throw this.#unreadable("the response does not say whether it is the last");
    if (encoding !== undefined) {
      throw storeError(
        "Failed",
        this.#request.operation,
        "the keys are encoded, though the request did not ask for it",
      );
    }
  }

  /** Moves on to the next page, and returns whether there is none. */
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
    const { root, prefix, operation } = this.#request;
    if (name === undefined) throw this.#unreadable("a key is missing");
    if (!name.startsWith(root + prefix)) {
      throw storeError(
        "Failed",
        operation,
        `${JSON.stringify(name)} was listed, which is not under the prefix`,
      );
    }
    return name.slice(root.length);
  }

  /**
   * If the service groups keys into folders against the request, or leaves them ungrouped, then
   * keys or folders are missing.
   */
  #expectLevel(name: string): void {
    const { delimiter, prefix, operation } = this.#request;
    const isExpected =
      delimiter === undefined ? !name.endsWith("/") : !name.slice(prefix.length, -1).includes("/");
    if (isExpected) return;
    const how = delimiter === undefined ? "without a delimiter" : "although a delimiter was given";
    throw storeError("Failed", operation, `${name} was listed ${how}`);
  }

  /** If a cache or a proxy repeats a page, its keys would be listed twice. */
  #expectOrder(name: string, last: string): void {
    if (name <= last) throw this.#unreadable(`${name} was listed after ${last}`);
  }

  #unreadable(why: string): Error {
    return storeError("Unavailable", this.#request.operation, why);
  }
}

/**
 * Whether a name can be one of the store's. A console makes an object `folder/`, for example, which
 * cannot.
 */
function isKey(name: string): boolean {
  try {
    checkKey(name);
    return true;
  } catch {
    return false;
  }
}
