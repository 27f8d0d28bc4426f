import { checkKey, isStoreError } from "@state/core";
import type { ListedObject, ListPage } from "@state/core";
import { answerFailure, unavailable } from "./errors.ts";
import type { Place } from "./errors.ts";
import { jsonOf } from "./exchange.ts";
import type { Answer } from "./exchange.ts";

const pageSize = 1_000;

export interface Listed {
  readonly place: Place;
  /** The store's own prefix, and the listing's. */
  readonly full: string;
  /** The store's own prefix. */
  readonly own: string;
  readonly delimiter: "/" | undefined;
}

interface Page {
  readonly page: ListPage;
  readonly token: string | undefined;
}

/** The pages of a listing, each asked for when it is wanted. */
export async function* pagesOf(
  ask: (query: URLSearchParams) => Promise<Answer>,
  listed: Listed,
): AsyncGenerator<ListPage, void, undefined> {
  let token: string | undefined;
  let last = "";
  do {
    const { page: whole, token: next } = pageOf(await ask(queryOf(listed, token)), listed);
    // A folder that spans pages may be named by each.
    const page = { ...whole, prefixes: whole.prefixes.filter((prefix) => prefix !== last) };
    const names = [...page.objects.map(({ key }) => key), ...page.prefixes].toSorted(byBytes);
    const first = names[0];
    // A page that is sent twice would list keys twice, or for ever.
    if ((first !== undefined && first <= last) || (next !== undefined && next === token)) {
      throw unavailable(listed.place, "the service sent a page of the listing that it had sent before");
    }
    yield page;
    last = names.at(-1) ?? last;
    token = next;
  } while (token !== undefined);
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
    page: {
      // What is no key, such as the folder that a console makes, no caller could read or delete.
      objects: objects.filter(({ key }) => isKey(key)).toSorted((a, b) => byBytes(a.key, b.key)),
      prefixes: prefixes.filter((prefix) => isKey(prefix.slice(0, -1))).toSorted(byBytes),
    },
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
