import type { ListOptions, ListPage } from "../../src/store.ts";
import { MapStore } from "../support/map-store.ts";
import type { BrokenStore } from "./broken-store.ts";

class HandsOutItsOwnBytes extends MapStore {
  override async get(key: string): Promise<Uint8Array | undefined> {
    return this.entries().get(key);
  }
}

class LosesAPagesLastKey extends MapStore {
  override async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage> {
    for await (const page of super.list(prefix, options)) {
      yield page.objects.length < 1_000 ? page : { ...page, objects: page.objects.slice(0, -1) };
    }
  }
}

class MatchesRawPrefixes extends MapStore {
  override async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage> {
    for await (const { objects, prefixes } of super.list("", options)) {
      const raw = prefix.slice(0, -1);
      yield { objects: objects.filter(({ key }) => key.startsWith(raw)), prefixes };
    }
  }
}

class RoundsSizes extends MapStore {
  override async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage> {
    for await (const { objects, prefixes } of super.list(prefix, options)) {
      yield {
        objects: objects.map(({ key, size }) => ({ key, size: Math.ceil(size / 512) * 512 })),
        prefixes,
      };
    }
  }
}

class SortsByLocale extends MapStore {
  override async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage> {
    for await (const { objects, prefixes } of super.list(prefix, options)) {
      yield { objects: objects.toSorted((left, right) => left.key.localeCompare(right.key)), prefixes };
    }
  }
}

export const brokenReads: readonly BrokenStore[] = [
  { fault: "hands out its own bytes", caughtBy: "get.own", open: () => new HandsOutItsOwnBytes() },
  { fault: "loses a page's last key", caughtBy: "list.pages", open: () => new LosesAPagesLastKey() },
  { fault: "matches epoch=1 and epoch=10", caughtBy: "list.prefix", open: () => new MatchesRawPrefixes() },
  { fault: "rounds sizes to blocks", caughtBy: "list.pages", open: () => new RoundsSizes() },
  { fault: "sorts by locale", caughtBy: "list.order", open: () => new SortsByLocale() },
];
