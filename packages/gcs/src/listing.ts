import { checkKey, isStoreError } from "@state/core";
import type { ListedObject, ListPage } from "@state/core";
import { jsonOf } from "./answer.ts";
import type { Answer } from "./answer.ts";
import { answerFailure, unavailable } from "./errors.ts";
import type { Place } from "./errors.ts";

const pageSize = 1_000;

export interface Listed {
  readonly place: Place;
  /** The store's own prefix, and the listing's. */
  readonly full: string;
  /** The store's own prefix. */
  readonly own: string;
  readonly delimiter: "/" | undefined;
}

interface Page extends ListPage {
  readonly token: string | undefined;
}

/** The pages of a listing, each asked for when it is wanted. */
export async function* pagesOf(
  ask: (query: URLSearchParams) => Promise<Answer>,
  listed: Listed,
): AsyncGenerator<ListPage, void, undefined> {
  let token: string | undefined;
  /** Since the last page that was not empty: only empty ones could go round for ever. */
  const tokens = new Set<string>();
  let last = "";
  let held: readonly string[] = [];
  do {
    const page = pageOf(await ask(queryOf(listed, token)), listed);
    const { objects } = page;
    // fake-gcs-server names every folder on the first page, and those that are left again on each further one.
    // What lies behind a page's last key waits for the next page, and is given once.
    const folders = [...new Set([...held, ...page.prefixes])].filter((folder) => folder !== last);
    const end = page.token === undefined ? undefined : objects.at(-1)?.key;
    const prefixes = folders.filter((folder) => end === undefined || folder < end).toSorted(byBytes);
    held = end === undefined ? [] : folders.filter((folder) => folder > end);
    const [first, final] = ends(objects, prefixes);
    // A page that is sent twice would list keys twice, or for ever.
    if ((first !== undefined && first <= last) || (page.token !== undefined && tokens.has(page.token))) {
      throw unavailable(listed.place, "the service sent a page of the listing that it had sent before");
    }
    if (first !== undefined) tokens.clear();
    if (page.token !== undefined) tokens.add(page.token);
    yield { objects, prefixes };
    last = final ?? last;
    ({ token } = page);
  } while (token !== undefined);
}

function ends(
  objects: readonly ListedObject[],
  prefixes: readonly string[],
): readonly [first: string | undefined, last: string | undefined] {
  const firsts = [objects[0]?.key, prefixes[0]].filter((name) => name !== undefined).toSorted(byBytes);
  const lasts = [objects.at(-1)?.key, prefixes.at(-1)].filter((name) => name !== undefined).toSorted(byBytes);
  return [firsts[0], lasts.at(-1)];
}

function queryOf({ full, delimiter }: Listed, token: string | undefined): URLSearchParams {
  return new URLSearchParams({
    prefix: full,
    maxResults: String(pageSize),
    // A whole description of an object is twenty times as long.
    fields: "kind,nextPageToken,prefixes,items(name,size)",
    ...(delimiter === undefined ? {} : { delimiter }),
    ...(token === undefined ? {} : { pageToken: token }),
  });
}

function pageOf(answer: Answer, { place, full, own }: Listed): Page {
  const json = answer.status === 200 ? jsonOf(answer) : undefined;
  // An empty listing has no items, but says what it is: an answer that was emptied on the way does not.
  if (json?.["kind"] !== "storage#objects") throw answerFailure(answer, place);
  const objects = arrayOf(json["items"]).map((item) => objectOf(item, full, own));
  const prefixes = arrayOf(json["prefixes"]).map((prefix) => relative(prefix, full, own));
  const token = json["nextPageToken"] ?? undefined;
  if (
    !objects.every((object) => object !== undefined) ||
    !prefixes.every((prefix) => prefix !== undefined) ||
    (token !== undefined && (typeof token !== "string" || token === ""))
  ) {
    throw unavailable(place, "the listing holds what is no listing of Cloud Storage, or of this prefix");
  }
  return {
    // What is no key, such as the folder that a console makes, no caller could read or delete.
    objects: objects.filter(({ key }) => isKey(key)).toSorted((a, b) => byBytes(a.key, b.key)),
    prefixes: prefixes.filter((prefix) => isKey(prefix.slice(0, -1))),
    token,
  };
}

function arrayOf(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}

function objectOf(item: unknown, full: string, own: string): ListedObject | undefined {
  if (typeof item !== "object" || item === null) return undefined;
  const key = relative(Reflect.get(item, "name"), full, own);
  const size: unknown = Reflect.get(item, "size");
  // A 64-bit number in a string.
  if (key === undefined || typeof size !== "string" || !/^\d+$/.test(size)) return undefined;
  return { key, size: Number(size) };
}

function relative(name: unknown, full: string, own: string): string | undefined {
  return typeof name === "string" && name.startsWith(full) ? name.slice(own.length) : undefined;
}

function isKey(key: string): boolean {
  try {
    checkKey(key);
    return true;
  } catch (error) {
    if (isStoreError(error)) return false;
    throw error;
  }
}

/** Keys are ASCII: JavaScript's order is that of their bytes. */
function byBytes(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
