import type { ListPage } from "@state/core";
import {
  fieldOf,
  type ListingRequest,
  pageReader,
  type ServicePage,
  type StoreCall,
  storeError,
} from "@state/core/adapter";
import { responseError } from "./errors.ts";
import { jsonOf, type TextResponse } from "./response.ts";

const pageSize = 1_000;

/** The pages of a listing. Each is requested when the caller asks for it. */
export async function* listPages(
  send: (query: URLSearchParams) => Promise<TextResponse>,
  request: ListingRequest,
): AsyncGenerator<ListPage, void, undefined> {
  const read = pageReader(request);
  let token: string | undefined;
  let last = "";
  let heldBack: readonly string[] = [];
  do {
    const page = pageOf(await send(queryOf(request, token)), request.call);
    token = page.next;
    // fake-gcs-server names every folder on the first page, and on each further page the folders that are left. So a folder
    // after the page's last name is held back until the next page, and is listed once.
    const end = token === undefined ? undefined : page.objects.at(-1)?.name;
    const folders = [...new Set([...heldBack, ...page.prefixes])].filter((name) => name !== last).toSorted();
    const prefixes = folders.filter((name) => end === undefined || name < end);
    heldBack = end === undefined ? [] : folders.filter((name) => name > end);
    last = prefixes.at(-1) ?? last;
    yield read({ ...page, prefixes });
  } while (token !== undefined);
}

function queryOf({ root, prefix, delimiter }: ListingRequest, token: string | undefined): URLSearchParams {
  return new URLSearchParams({
    prefix: `${root}${prefix}`,
    maxResults: String(pageSize),
    // All metadata of an object are twenty times as long.
    fields: "kind,nextPageToken,prefixes,items(name,size)",
    ...(delimiter === undefined ? {} : { delimiter }),
    ...(token === undefined ? {} : { pageToken: token }),
  });
}

function pageOf(response: TextResponse, call: StoreCall): ServicePage {
  const json = response.status === 200 && !response.isCut ? jsonOf(response) : undefined;
  // An empty listing has no items, but has its kind. A response that lost its body on the way does not.
  if (json?.["kind"] !== "storage#objects") throw responseError(response, call);
  const { items = [], prefixes = [], nextPageToken: next } = json;
  const isToken = next === undefined || (typeof next === "string" && next !== "");
  if (!isToken || !isListOf(items, isObject) || !isListOf(prefixes, isName)) {
    const why = "the listing has entries that are not of Cloud Storage";
    throw storeError(call, { code: "Unavailable" }, why);
  }
  return { objects: items.map(({ name, size }) => ({ name, size: sizeOf(size) })), prefixes, next };
}

function isListOf<T>(value: unknown, isOne: (each: unknown) => each is T): value is readonly T[] {
  return Array.isArray(value) && value.every(isOne);
}

function isName(value: unknown): value is string {
  return typeof value === "string";
}

function isObject(value: unknown): value is { readonly name: string; readonly size?: unknown } {
  return isName(fieldOf(value, "name"));
}

/** The service sends 64-bit numbers as strings. */
function sizeOf(size: unknown): number | undefined {
  return typeof size === "string" && /^\d+$/.test(size) ? Number(size) : undefined;
}
