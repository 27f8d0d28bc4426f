import { long } from "./case.ts";
import type { StoreCase } from "./case.ts";
import {
  createAll,
  deleteAll,
  expectAbsent,
  expectBody,
  expectSame,
  forEach,
  listAll,
  pattern,
} from "./operations.ts";

export const durabilityCases: readonly StoreCase[] = [
  {
    id: "durability.reopen",
    title: "what was created and deleted is so for a client that is opened after the first is closed",
    family: "durability",
    must: "P1",
    timeoutMs: long,
    needs: "reopen",
    async run({ store, restart }) {
      const cause = "an answer given before the write was done";
      const staying = Array.from({ length: 20 }, (_, number) => `a/${number}/body`);
      const gone = ["a/gone", "b/c/gone"];
      await createAll(store, [...staying, ...gone], bodyOf);
      await deleteAll(store, gone);
      const later = await restart();
      await forEach(staying, (key) => expectBody(later, key, bodyOf(key), cause));
      await forEach(gone, (key) => expectAbsent(later, key, cause));
      expectSame((await listAll(later, "")).keys, staying.toSorted(), "the keys after reopen", cause);
    },
  },
];

function bodyOf(key: string): Uint8Array {
  return pattern(100_000, key.length);
}
