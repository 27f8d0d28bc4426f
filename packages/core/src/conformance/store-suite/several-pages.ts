import type { ListOptions, ObjectStore } from "../../store.ts";
import type { StoreContext } from "./store-case.ts";
import { createAll } from "./operations.ts";

/** More than fit into the largest page that a listing may have. */
export const severalPages = 5_500;

export interface Paged {
  readonly keys: readonly string[];
  /** How many entries the pages hold, those that hold none left out. */
  readonly pages: readonly number[];
}

/**
 * Creates the keys that `keysOf` gives, for more and more of them until a listing takes several pages.
 *
 * Most services page at 1,000 names, and few at 5,000: on most, creating 5,500 keys would be slow for nothing.
 */
export async function fill(
  store: ObjectStore,
  prefix: string,
  keysOf: (count: number) => readonly string[],
  counts: readonly number[],
  options?: ListOptions,
): Promise<Paged> {
  const created = new Set<string>();
  let pages: number[] = [];
  for (const count of counts) {
    const missing = keysOf(count).filter((key) => !created.has(key));
    await createAll(store, missing);
    for (const key of missing) created.add(key);
    pages = await pagesOf(store, prefix, options);
    if (pages.length > 1) break;
  }
  return { keys: [...created], pages };
}

/** Whether there is an edge of a page to look at; tells if there is none. */
export function hasEdge({ notReached }: Pick<StoreContext, "notReached">, { keys, pages }: Paged): boolean {
  if (pages.length > 1) return true;
  notReached(`the edge of a page: all of ${keys.length} keys came in one`);
  return false;
}

/** `count` names. The numbers have four digits, so that byte order is the order of the numbers. */
export function numbered(count: number, name: (number: string) => string): string[] {
  return Array.from({ length: count }, (_, number) => name(String(number).padStart(4, "0")));
}

async function pagesOf(store: ObjectStore, prefix: string, options?: ListOptions): Promise<number[]> {
  const pages: number[] = [];
  for await (const { objects, prefixes } of store.list(prefix, options)) {
    if (objects.length + prefixes.length > 0) pages.push(objects.length + prefixes.length);
  }
  return pages;
}
