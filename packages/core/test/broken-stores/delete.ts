import type { DeleteFailure } from "../../src/store.ts";
import { MapStore } from "../support/map-store.ts";
import type { BrokenStore } from "./broken-store.ts";

class Lies extends MapStore {
  override async delete(): Promise<readonly DeleteFailure[]> {
    return [];
  }
}

class TakesTheFirstThousand extends MapStore {
  override delete(keys: readonly string[]): Promise<readonly DeleteFailure[]> {
    return super.delete(keys.slice(0, 1_000));
  }
}

class TakesChildren extends MapStore {
  override delete(keys: readonly string[]): Promise<readonly DeleteFailure[]> {
    const all = [...this.entries().keys()];
    const children = all.filter((key) => keys.some((folder) => key.startsWith(`${folder}/`)));
    return super.delete([...keys, ...children]);
  }
}

class ChecksKeysOneByOne extends MapStore {
  override async delete(keys: readonly string[]): Promise<readonly DeleteFailure[]> {
    for (const key of keys) await super.delete([key]);
    return [];
  }
}

export const brokenDeletes: readonly BrokenStore[] = [
  { fault: "deletes nothing", caughtBy: "delete.gone", open: () => new Lies() },
  { fault: "handles 1,000 keys of more", caughtBy: "delete.many", open: () => new TakesTheFirstThousand() },
  { fault: "takes a folder's children", caughtBy: "delete.children", open: () => new TakesChildren() },
  { fault: "deletes up to a bad key", caughtBy: "keys.one-bad", open: () => new ChecksKeysOneByOne() },
];
