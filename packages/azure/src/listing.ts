import type { BlobItem, ContainerClient } from "@azure/storage-blob";
import { checkKey, type ListedObject, type ListPage } from "@state/core";
import { failure, type Place } from "./errors.ts";

export interface ListRequest {
  readonly container: ContainerClient;
  /** The store's own: `""`, or ending in `/`. */
  readonly root: string;
  readonly prefix: string;
  readonly delimiter: "/" | undefined;
  readonly place: Place;
}

interface Answer {
  readonly segment?: {
    readonly blobItems?: readonly BlobItem[];
    readonly blobPrefixes?: readonly { readonly name?: string }[];
  };
  readonly continuationToken?: string | undefined;
}

const pageSize = 1_000;

/** One listing, a request a page. Remembers where it is, and refuses a page that does not go on from there. */
export class Listing {
  readonly #request: ListRequest;
  #token: string | undefined;
  #lastKey = "";
  #lastPrefix = "";

  constructor(request: ListRequest) {
    this.#request = request;
  }

  /** The next page, and whether it is the last. */
  async next(abortSignal: AbortSignal): Promise<{ readonly page: ListPage; readonly isLast: boolean }> {
    const { container, root, prefix, delimiter } = this.#request;
    // With its metadata, which tells a directory of a hierarchical namespace from a blob.
    const options = { prefix: root + prefix, includeMetadata: true, abortSignal };
    const settings = {
      maxPageSize: pageSize,
      ...(this.#token === undefined ? {} : { continuationToken: this.#token }),
    };
    const listing =
      delimiter === undefined
        ? container.listBlobsFlat(options)
        : container.listBlobsByHierarchy(delimiter, options);
    const step = await listing.byPage(settings).next();
    if (step.done === true) throw this.#unreadable("the answer is empty");
    return this.#read(step.value);
  }

  #read({ segment, continuationToken: token }: Answer): {
    readonly page: ListPage;
    readonly isLast: boolean;
  } {
    // Every page has the marker, empty on the last: without it there may be more that nobody would ask for.
    if (segment === undefined || token === undefined)
      throw this.#unreadable("the answer lacks a listing's segment or its marker");
    const objects: ListedObject[] = [];
    for (const { name, properties, metadata } of segment.blobItems ?? []) {
      const key = this.#relative(name);
      if (!isKey(key) || metadata?.["hdi_isfolder"] === "true") continue;
      const size = properties.contentLength;
      if (size === undefined) throw this.#unreadable(`${key} came without a size`);
      this.#expectOrder(key, this.#lastKey);
      this.#lastKey = key;
      objects.push({ key, size });
    }
    const prefixes: string[] = [];
    for (const { name } of segment.blobPrefixes ?? []) {
      const folder = this.#relative(name);
      if (!folder.endsWith("/") || !isKey(folder.slice(0, -1))) continue;
      this.#expectOrder(folder, this.#lastPrefix);
      this.#lastPrefix = folder;
      prefixes.push(folder);
    }
    const isLast = token === "";
    if (!isLast && token === this.#token) throw this.#unreadable("the next page begins where this one began");
    this.#token = token;
    return { page: { objects, prefixes }, isLast };
  }

  #relative(name: string | undefined): string {
    const { root, prefix, place } = this.#request;
    if (name === undefined) throw this.#unreadable("a name is missing");
    if (!name.startsWith(root + prefix)) {
      throw failure("Failed", place, `${JSON.stringify(name)} was listed, which is not under the prefix`);
    }
    return name.slice(root.length);
  }

  /** A page that comes twice, out of a cache or a proxy, would be counted twice. */
  #expectOrder(name: string, last: string): void {
    if (name <= last) throw this.#unreadable(`${name} was listed after ${last}`);
  }

  #unreadable(why: string): Error {
    return failure("Unavailable", this.#request.place, why);
  }
}

/** What has another name is none of the store's objects. */
function isKey(name: string): boolean {
  try {
    checkKey(name);
    return true;
  } catch {
    return false;
  }
}
