import type { ListedObject, ListPage } from "../../src/store.ts";
import type { Random } from "./random.ts";

/** What a page sees of the store. */
export interface Names {
  /** The first names above `after`, ascending, and whether there are more. */
  take(after: string): { readonly names: readonly string[]; readonly more: boolean };
  /** The size of an object, 0 of a folder, `undefined` if it is not there. */
  size(name: string): number | undefined;
}

/**
 * One page of a listing, as the store contract allows it: the names are taken at one moment, and each is looked at later,
 * in any order. What is gone by then is left out; what came meanwhile may be shown or not.
 */
export class Page {
  readonly last: string;
  readonly more: boolean;
  readonly #store: Names;
  readonly #random: Random;
  readonly #isTorn: boolean;
  readonly #after: string;
  readonly #shown = new Map<string, number>();
  #unseen: string[];

  /** @param isTorn whether each name is looked at later, and not at once */
  constructor(store: Names, after: string, isTorn: boolean, random: Random) {
    const { names, more } = store.take(after);
    this.#store = store;
    this.#random = random;
    this.#after = after;
    this.more = more;
    this.last = names.at(-1) ?? "";
    this.#isTorn = isTorn;
    this.#unseen = isTorn ? [...names] : [];
    if (!isTorn)
      for (const name of names) this.#shown.set(name, name.endsWith("/") ? 0 : (store.size(name) ?? 0));
  }

  /** The names that it will show. */
  get shown(): readonly string[] {
    return [...this.#shown.keys()];
  }

  get isOver(): boolean {
    return this.#unseen.length === 0;
  }

  /** Looks at some of the names that are left, at least at one. @returns them */
  lookAtSome(): readonly string[] {
    const seen: string[] = [];
    for (let left = 1 + this.#random.below(this.#unseen.length); left > 0; left--) {
      const [name = ""] = this.#unseen.splice(this.#random.below(this.#unseen.length), 1);
      this.#look(name);
      seen.push(name);
    }
    return seen;
  }

  finish(): void {
    for (const name of this.#unseen.splice(0)) this.#look(name);
  }

  /** The page as it is returned, once it is over. */
  response(): ListPage {
    if (this.#isTorn && this.#random.chance(0.5)) this.#lookAtNew();
    const shown = [...this.#shown];
    const names = this.#isTorn ? shown.toSorted(([a], [b]) => (a < b ? -1 : 1)) : shown;
    const objects: ListedObject[] = [];
    const prefixes: string[] = [];
    for (const [name, size] of names) {
      if (name.endsWith("/")) prefixes.push(name);
      else objects.push({ key: name, size });
    }
    return { objects, prefixes };
  }

  #look(name: string): void {
    const size = this.#store.size(name);
    if (size !== undefined) this.#shown.set(name, size);
  }

  #lookAtNew(): void {
    for (const name of this.#store.take(this.#after).names) {
      const isOfPage = !this.more || name < this.last;
      if (isOfPage && !this.#shown.has(name) && this.#random.chance(0.5)) this.#look(name);
    }
  }
}
