import { isKey } from "@state/core/adapter";
import type { ListedObject, ListPage } from "@state/core";
import { jsonOf } from "./response.ts";
import type { ServiceResponse } from "./response.ts";
import { responseError, storeError } from "./errors.ts";
import type { Operation } from "./errors.ts";

const pageSize = 1_000;

export interface ListRequest {
  readonly operation: Operation;
  /** The store's own prefix, followed by the listing's. */
  readonly fullPrefix: string;
  /** The store's own prefix: `""`, or ending in `/`. */
  readonly root: string;
  readonly delimiter: "/" | undefined;
}

interface PageWithToken extends ListPage {
  readonly token: string | undefined;
}

/** The pages of a listing. Each is requested when the caller asks for it. */
export async function* listPages(
  send: (query: URLSearchParams) => Promise<ServiceResponse>,
  request: ListRequest,
): AsyncGenerator<ListPage, void, undefined> {
  let token: string | undefined;
  // The tokens since the last page that was not empty. A page with keys is checked by their order;
  // empty pages may repeat for ever.
  const tokens = new Set<string>();
  let last = "";
  let heldBack: readonly string[] = [];
  do {
    const page = pageOf(await send(queryOf(request, token)), request);
    const { objects } = page;
    // fake-gcs-server names every folder on the first page, and on each further page the folders
    // that are left. So a folder after the page's last key is held back until the next page, and is
    // listed once.
    const folders = [...new Set([...heldBack, ...page.prefixes])].filter((folder) => folder !== last);
    const end = page.token === undefined ? undefined : objects.at(-1)?.key;
    const prefixes = folders.filter((folder) => end === undefined || folder < end).toSorted(byBytes);
    heldBack = end === undefined ? [] : folders.filter((folder) => folder > end);
    const [first, final] = firstAndLast(objects, prefixes);
    // If a page is repeated, its keys would be listed twice, or for ever.
    if ((first !== undefined && first <= last) || (page.token !== undefined && tokens.has(page.token))) {
      throw storeError(
        "Unavailable",
        request.operation,
        "the service sent a page of the listing that it had sent before",
      );
    }
    if (first !== undefined) tokens.clear();
    if (page.token !== undefined) tokens.add(page.token);
    yield { objects, prefixes };
    last = final ?? last;
    ({ token } = page);
  } while (token !== undefined);
}

function firstAndLast(
  objects: readonly ListedObject[],
  prefixes: readonly string[],
): readonly [first: string | undefined, last: string | undefined] {
  const firsts = [objects[0]?.key, prefixes[0]].filter((name) => name !== undefined).toSorted(byBytes);
  const lasts = [objects.at(-1)?.key, prefixes.at(-1)].filter((name) => name !== undefined).toSorted(byBytes);
  return [firsts[0], lasts.at(-1)];
}

function queryOf({ fullPrefix, delimiter }: ListRequest, token: string | undefined): URLSearchParams {
  return new URLSearchParams({
    prefix: fullPrefix,
    maxResults: String(pageSize),
    // All metadata of an object are twenty times as long.
    fields: "kind,nextPageToken,prefixes,items(name,size)",
    ...(delimiter === undefined ? {} : { delimiter }),
    ...(token === undefined ? {} : { pageToken: token }),
  });
}

function pageOf(response: ServiceResponse, { operation, fullPrefix, root }: ListRequest): PageWithToken {
  const json = response.status === 200 ? jsonOf(response) : undefined;
  // An empty listing has no items, but has its kind. A response that lost its body on the way does
  // not.
  if (json?.["kind"] !== "storage#objects") throw responseError(response, operation);
  const objects = arrayOf(json["items"]).map((item) => objectOf(item, fullPrefix, root));
  const prefixes = arrayOf(json["prefixes"]).map((prefix) => relative(prefix, fullPrefix, root));
  const token = json["nextPageToken"] ?? undefined;
  if (
    !objects.every((object) => object !== undefined) ||
    !prefixes.every((prefix) => prefix !== undefined) ||
    (token !== undefined && (typeof token !== "string" || token === ""))
  ) {
    throw storeError(
      "Unavailable",
      operation,
      "the listing has entries that are not of Cloud Storage, or not of this prefix",
    );
  }
  return {
    // A name that is no key, such as a folder that a console makes, could neither be read nor
    // deleted.
    objects: objects.filter(({ key }) => isKey(key)).toSorted((a, b) => byBytes(a.key, b.key)),
    prefixes: prefixes.filter((prefix) => isKey(prefix.slice(0, -1))),
    token,
  };
}

function arrayOf(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}

function objectOf(item: unknown, fullPrefix: string, root: string): ListedObject | undefined {
  if (typeof item !== "object" || item === null) return undefined;
  const key = relative(Reflect.get(item, "name"), fullPrefix, root);
  const size: unknown = Reflect.get(item, "size");
  // The service sends 64-bit numbers as strings.
  if (key === undefined || typeof size !== "string" || !/^\d+$/.test(size)) return undefined;
  return { key, size: Number(size) };
}

function relative(name: unknown, fullPrefix: string, root: string): string | undefined {
  return typeof name === "string" && name.startsWith(fullPrefix) ? name.slice(root.length) : undefined;
}

/** Keys are ASCII: JavaScript's order is that of their bytes. */
function byBytes(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
