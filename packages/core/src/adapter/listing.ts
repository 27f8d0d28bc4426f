import { isKey } from "../keys.ts";
import type { ListedObject, ListPage } from "../store.ts";
import { storeError, type StoreCall } from "./call.ts";

export interface ListingRequest {
  /** The store's own prefix: `""`, or ending in `/`. */
  readonly root: string;
  /** The listing's. */
  readonly prefix: string;
  readonly delimiter: "/" | undefined;
  readonly call: StoreCall;
}

/** A page as a service has it: full names, in the order in which they came. */
export interface ServicePage {
  readonly objects: readonly { readonly name: string; readonly size: number | undefined }[];
  /** Folders, with their `/`. */
  readonly prefixes: readonly string[];
  /** How the service finds the next page; `undefined` on the last. */
  readonly next: string | undefined;
}

/**
 * Reads the pages of one listing. The function that it returns takes the store's own prefix from the names, leaves out
 * names that are no keys, such as a folder that a console has made, and checks that
 *
 * - every name is under the prefix, and in the order of its bytes, within a page and from page to page;
 * - with a delimiter there is nothing from a deeper level, and without one no folder;
 * - no page leads back to one that was there before.
 *
 * @throws `StoreError`: `Unavailable` if a cache or proxy has repeated or cut a page, `Failed` if the service lists what it
 *   was not asked for
 */
export function pageReader(request: ListingRequest): (page: ServicePage) => ListPage {
  const { root, prefix, delimiter, call } = request;
  // The tokens since the last page that was not empty. A page with keys is checked by their order; empty pages may repeat
  // for ever.
  const tokens = new Set<string>();
  let lastKey = "";
  let lastPrefix = "";
  const relative = (name: string): string => {
    if (name.startsWith(root + prefix)) return name.slice(root.length);
    throw storeError(
      call,
      { code: "Failed" },
      `${JSON.stringify(name)} was listed, which is not under the prefix`,
    );
  };
  const inOrder = (name: string, last: string): string => {
    if (name > last) return name;
    const why = `${JSON.stringify(name)} was listed after ${JSON.stringify(last)}: a page was repeated, or is not in byte order`;
    throw storeError(call, { code: "Unavailable" }, why);
  };
  const checkLevel = (name: string): void => {
    const isExpected =
      delimiter === undefined ? !name.endsWith("/") : !name.slice(prefix.length, -1).includes("/");
    if (isExpected) return;
    const how = delimiter === undefined ? "without a delimiter" : "although a delimiter was given";
    throw storeError(call, { code: "Failed" }, `${name} was listed ${how}`);
  };
  return (page) => {
    const objects: ListedObject[] = [];
    for (const { name, size } of page.objects) {
      const key = relative(name);
      if (!isKey(key)) continue;
      if (size === undefined || !Number.isSafeInteger(size))
        throw storeError(call, { code: "Unavailable" }, `${key} was listed without its size`);
      checkLevel(key);
      lastKey = inOrder(key, lastKey);
      objects.push({ key, size });
    }
    const prefixes: string[] = [];
    for (const name of page.prefixes) {
      const folder = relative(name);
      if (!folder.endsWith("/") || !isKey(folder.slice(0, -1))) continue;
      checkLevel(folder);
      lastPrefix = inOrder(folder, lastPrefix);
      prefixes.push(folder);
    }
    if (objects.length + prefixes.length > 0) tokens.clear();
    if (page.next !== undefined) {
      if (tokens.has(page.next))
        throw storeError(call, { code: "Unavailable" }, "a page of the listing leads to an earlier one");
      tokens.add(page.next);
    }
    return { objects, prefixes };
  };
}
