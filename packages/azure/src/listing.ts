import { StorageResponseFormat } from "@azure/storage-blob";
import type { ContainerClient } from "@azure/storage-blob";
import { checkKey } from "@state/core";
import type { ListedObject, ListPage } from "@state/core";
import { failure, Unreadable } from "./errors.ts";
import type { Place } from "./errors.ts";

/** One page of a listing, and where the next begins. */
export interface Segment {
  readonly page: ListPage;
  readonly next: string | undefined;
}

export interface SegmentRequest {
  readonly prefix: string;
  readonly delimiter: "/" | undefined;
  readonly pageSize: number;
  readonly marker: string | undefined;
  readonly signal: AbortSignal;
}

/** Asks for one page beneath `root`, a blob prefix that is taken off again. */
export async function listSegment(
  container: ContainerClient,
  root: string,
  request: SegmentRequest,
  place: Place,
): Promise<Segment> {
  const { delimiter, marker, pageSize, signal } = request;
  // The metadata tells a directory of a hierarchical namespace, which is listed as a blob, from a blob.
  const options = {
    prefix: `${root}${request.prefix}`,
    abortSignal: signal,
    includeMetadata: true,
    // What is checked of a page is so in XML. Left to the SDK, it may become Arrow, which has no empty marker.
    responseFormat: StorageResponseFormat.Xml,
  };
  const paging = {
    maxPageSize: pageSize,
    ...(marker === undefined ? {} : { continuationToken: marker }),
  };
  try {
    const answer =
      delimiter === undefined
        ? await container.listBlobsFlat(options).byPage(paging).next()
        : await container.listBlobsByHierarchy(delimiter, options).byPage(paging).next();
    const { segment, continuationToken } = answer.value ?? {};
    // Every page has the element, empty on the last: without it there may be more that nobody would ask for.
    if (!Array.isArray(segment?.blobItems) || typeof continuationToken !== "string") {
      throw failure("Unavailable", place, "the page lacks its items or its marker");
    }
    const { blobItems, blobPrefixes = [] } = segment as {
      blobItems: Item[];
      blobPrefixes?: { name: string }[];
    };
    return {
      page: {
        objects: blobItems.flatMap((item) => objectOf(item, root, place)),
        prefixes: blobPrefixes.flatMap(({ name }) => folderOf(name, root, place)),
      },
      next: continuationToken === "" ? undefined : continuationToken,
    };
  } catch (error) {
    // What the SDK falls over when a page is not what it expects.
    throw error instanceof TypeError ? new Unreadable("the page cannot be read", error) : error;
  }
}

/** Throws unless a page comes after what was given before it, and leads to one that was not. */
export class Order {
  readonly #place: Place;
  /** Since the last page that was not empty: only empty ones could go round for ever. */
  readonly #markers: Set<string> = new Set();
  #object = "";
  #prefix = "";

  constructor(place: Place) {
    this.#place = place;
  }

  check({ page: { objects, prefixes }, next }: Segment): void {
    for (const { key } of objects) this.#object = this.#next(this.#object, key);
    for (const prefix of prefixes) this.#prefix = this.#next(this.#prefix, prefix);
    if (objects.length + prefixes.length > 0) this.#markers.clear();
    if (next === undefined) return;
    if (this.#markers.has(next)) {
      throw failure("Unavailable", this.#place, "the page leads to one that was given before");
    }
    this.#markers.add(next);
  }

  #next(last: string, name: string): string {
    if (last < name) return name;
    const what = `${JSON.stringify(name)} came after ${JSON.stringify(last)}: a page was repeated, or is not in byte order`;
    throw failure("Unavailable", this.#place, what);
  }
}

interface Item {
  readonly name: string;
  readonly properties: { readonly contentLength?: number };
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Whether it is a directory of a hierarchical namespace, which is listed and read as an empty blob. */
export function isDirectory(metadata: Readonly<Record<string, string>> = {}): boolean {
  return Object.entries(metadata).some(
    ([name, value]) => name.toLowerCase() === "hdi_isfolder" && value.toLowerCase() === "true",
  );
}

function objectOf(item: Item, root: string, place: Place): readonly ListedObject[] {
  const key = beneath(item.name, root, place);
  const size = item.properties.contentLength;
  if (!isKey(key) || isDirectory(item.metadata)) return [];
  if (size === undefined)
    throw failure("Unavailable", place, `the page lacks the size of ${JSON.stringify(key)}`);
  return [{ key, size }];
}

function folderOf(name: string, root: string, place: Place): readonly string[] {
  const prefix = beneath(name, root, place);
  return isKey(prefix.slice(0, -1)) ? [prefix] : [];
}

function beneath(name: string, root: string, place: Place): string {
  if (name.startsWith(root)) return name.slice(root.length);
  throw failure("Unavailable", place, "the page holds names that were not asked for");
}

/** What has another name was put there by others: nobody could ask for it. */
function isKey(name: string): boolean {
  try {
    checkKey(name);
    return true;
  } catch {
    return false;
  }
}
