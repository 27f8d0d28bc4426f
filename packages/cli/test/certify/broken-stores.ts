/** The deliberately broken stores of core, by their number: `broken:17`. Clients of one URL in one process share its data. */
import type { ObjectStore } from "@state/core";
import type { Medium } from "../../../core/test/broken-stores/broken-store.ts";
import { brokenStores } from "../../../core/test/broken-stores/every-broken-store.ts";

const media = new Map<string, Medium>();

export const urlSchemes: readonly string[] = ["broken"];

export function storeFromUrl(url: string): ObjectStore {
  const number = Number(/^broken:(\d+)/.exec(url)?.[1]);
  const broken = brokenStores[number];
  if (broken === undefined) throw new TypeError(`there is no broken store ${url}`);
  const medium = media.get(url) ?? { bodies: new Map(), bucket: new Map(), number: 1 };
  media.set(url, medium);
  return broken.open(medium);
}
