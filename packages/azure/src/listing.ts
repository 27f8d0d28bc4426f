import type { ContainerClient } from "@azure/storage-blob";
import type { ServicePage, StoreCall } from "@state/core/adapter";
import { UnreadableResponse } from "./errors.ts";
import { isDirectory, refuseDirectory } from "./namespace.ts";

export interface PageRequest {
  /** The full prefix, with the store's own. */
  readonly prefix: string;
  readonly delimiter: "/" | undefined;
  readonly pageSize: number;
  readonly marker: string | undefined;
  readonly signal: AbortSignal;
}

interface Item {
  readonly name: string;
  readonly properties: { readonly contentLength?: number };
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Requests one page. */
export async function requestPage(
  container: ContainerClient,
  { prefix, delimiter, marker, pageSize, signal }: PageRequest,
  call: StoreCall,
): Promise<ServicePage> {
  const options = {
    prefix,
    abortSignal: signal,
    // A hierarchical namespace lists its directories as blobs. The metadata tell them from blobs.
    includeMetadata: true,
    // The checks below are of a page in XML. Later versions of the SDK may request Arrow, in which a last page has no marker.
    responseFormat: "Xml",
  } as const;
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
    if (!Array.isArray(segment?.blobItems) || typeof continuationToken !== "string")
      throw new UnreadableResponse("the page lacks its items or its marker");
    const { blobItems, blobPrefixes = [] } = segment as {
      blobItems: readonly Item[];
      blobPrefixes?: readonly { name: string }[];
    };
    const directory = blobItems.find(({ metadata }) => isDirectory(metadata));
    if (directory !== undefined) throw refuseDirectory(call, directory.name);
    return {
      objects: blobItems.map(({ name, properties }) => ({ name, size: properties.contentLength })),
      prefixes: blobPrefixes.map(({ name }) => name),
      next: continuationToken === "" ? undefined : continuationToken,
    };
  } catch (error) {
    // The SDK throws a TypeError if a page has not the expected elements.
    throw error instanceof TypeError ? new UnreadableResponse("the page cannot be read", error) : error;
  }
}
