import type { ListPage } from "../../src/store.ts";

export function pageOf(keys: readonly string[]): ListPage {
  return { objects: keys.map((key) => ({ key, size: 1 })), prefixes: [] };
}

export function keysOf(pages: readonly ListPage[]): string[] {
  return pages.flatMap(({ objects }) => objects.map(({ key }) => key));
}
