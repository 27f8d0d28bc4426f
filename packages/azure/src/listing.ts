import { StorageResponseFormat } from "@azure/storage-blob";
import type { ContainerClient } from "@azure/storage-blob";
import { checkKey } from "@state/core/adapter";
import type { ListedObject, ListPage } from "@state/core";
import { storeError } from "./errors.ts";
import type { Operation } from "./errors.ts";
import { UnreadableResponse } from "./sdk-error.ts";

/** One page of a listing, and the marker of the next one. */
export interface ListedPage {
  readonly page: ListPage;
  readonly next: string | undefined;
}

export interface PageRequest {
  readonly prefix: string;
  readonly delimiter: "/" | undefined;
  readonly pageSize: number;
  readonly marker: string | undefined;
  readonly signal: AbortSignal;
}

/** Requests one page. `root` is the store's own prefix, which is removed from the names. */
export async function requestPage(
  container: ContainerClient,
  root: string,
  request: PageRequest,
  operation: Operation,
): Promise<ListedPage> {
  const { delimiter, marker, pageSize, signal } = request;
  // A hierarchical namespace lists its directories as blobs. The metadata tell them from blobs.
  const options = {
    prefix: `${root}${request.prefix}`,
    abortSignal: signal,
    includeMetadata: true,
    // The checks below are of a page in XML. By default the SDK may request Arrow, in which a last
    // page has no marker.
    responseFormat: StorageResponseFormat.Xml,
  };
  const paging = {
    maxPageSize: pageSize,
    ...(marker === undefined ? {} : { continuationToken: marker }),
  };
  try {
    const response =
      delimiter === undefined
        ? await container.listBlobsFlat(options).byPage(paging).next()
        : await container.listBlobsByHierarchy(delimiter, options).byPage(paging).next();
    const { segment, continuationToken } = response.value ?? {};
    // Every page has the marker, which is empty on the last. If it is missing, there may be further
    // pages.
    if (!Array.isArray(segment?.blobItems) || typeof continuationToken !== "string") {
      throw storeError("Unavailable", operation, "the page lacks its items or its marker");
    }
    const { blobItems, blobPrefixes = [] } = segment as {
      blobItems: Item[];
      blobPrefixes?: { name: string }[];
    };
    return {
      page: {
        objects: blobItems.flatMap((item) => objectOf(item, root, operation)),
        prefixes: blobPrefixes.flatMap(({ name }) => folderOf(name, root, operation)),
      },
      next: continuationToken === "" ? undefined : continuationToken,
    };
  } catch (error) {
    // The SDK throws a TypeError if a page has not the expected elements.
    throw error instanceof TypeError ? new UnreadableResponse("the page cannot be read", error) : error;
  }
}

/**
 * Checks that each page of a listing continues the one before it, and leads to a page that was not
 * there before.
 */
export class PageOrder {
  readonly #operation: Operation;
  /**
   * The markers since the last page that was not empty. A page with keys is checked by their order;
   * empty pages may repeat for ever.
   */
  readonly #markers: Set<string> = new Set();
  #object = "";
  #prefix = "";

  constructor(operation: Operation) {
    this.#operation = operation;
  }

  check({ page: { objects, prefixes }, next }: ListedPage): void {
    for (const { key } of objects) this.#object = this.#next(this.#object, key);
    for (const prefix of prefixes) this.#prefix = this.#next(this.#prefix, prefix);
    if (objects.length + prefixes.length > 0) this.#markers.clear();
    if (next === undefined) return;
    if (this.#markers.has(next)) {
      throw storeError("Unavailable", this.#operation, "the page leads to an earlier one");
    }
    this.#markers.add(next);
  }

  #next(last: string, name: string): string {
    if (last < name) return name;
    const what = `${JSON.stringify(name)} was listed after ${JSON.stringify(last)}: a page was repeated, or is not in byte order`;
    throw storeError("Unavailable", this.#operation, what);
  }
}

interface Item {
  readonly name: string;
  readonly properties: { readonly contentLength?: number };
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * Whether a blob is a directory of a hierarchical namespace, which is listed and read as an empty
 * blob.
 */
export function isDirectory(metadata: Readonly<Record<string, string>> = {}): boolean {
  return Object.entries(metadata).some(
    ([name, value]) => name.toLowerCase() === "hdi_isfolder" && value.toLowerCase() === "true",
  );
}

function objectOf(item: Item, root: string, operation: Operation): readonly ListedObject[] {
  const key = relative(item.name, root, operation);
  const size = item.properties.contentLength;
  if (!isKey(key) || isDirectory(item.metadata)) return [];
  if (size === undefined)
    throw storeError("Unavailable", operation, `the page lacks the size of ${JSON.stringify(key)}`);
  return [{ key, size }];
}

function folderOf(name: string, root: string, operation: Operation): readonly string[] {
  const prefix = relative(name, root, operation);
  return isKey(prefix.slice(0, -1)) ? [prefix] : [];
}

function relative(name: string, root: string, operation: Operation): string {
  if (name.startsWith(root)) return name.slice(root.length);
  throw storeError("Unavailable", operation, "the page has names that are not under the prefix");
}

/** Whether a name can be one of the store's. A blob with another name was put there by others. */
function isKey(name: string): boolean {
  try {
    checkKey(name);
    return true;
  } catch {
    return false;
  }
}
