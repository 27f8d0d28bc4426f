import type { ObjectStore } from "../../../store.ts";
import { long } from "../store-case.ts";
import type { StoreCase } from "../store-case.ts";
import {
  createAll,
  deleteAll,
  expectAbsent,
  expectBody,
  expectKeys,
  expectExists,
  forEach,
  pattern,
  utf8,
} from "../operations.ts";

const early = "a return before the write was done";
const staying = Array.from({ length: 20 }, (_, number) => `a/${10 + number}/body`);
const gone = ["a/gone", "b/c/gone"];

export const durabilityCases: readonly StoreCase[] = [
  {
    id: "durability.reopen",
    title:
      "what was created is there, whole and listed, for a client that is opened after the first is closed",
    family: "durability",
    must: "P1",
    timeoutMs: long,
    needs: ["reopen"],
    async run({ store, restart }) {
      await createAll(store, staying, bodyOf);
      await expectKept(await restart());
    },
  },
  {
    id: "durability.deletes",
    title: "what was deleted stays so for a client that is opened after the first is closed",
    family: "durability",
    must: "P1",
    timeoutMs: long,
    needs: ["reopen"],
    async run({ store, restart }) {
      await createAll(store, [...gone, "a/stays"]);
      await deleteAll(store, [...gone, "a/stays"]);
      await createAll(store, ["a/stays"]);
      const later = await restart();
      const cause = "deletes that are kept in memory, or a log from which only creates are read back";
      await forEach(gone, (key) => expectAbsent(later, key, cause));
      await expectKeys(later, "", ["a/stays"], cause);
    },
  },
  {
    id: "durability.exists",
    title: 'a later client gets "exists" for what an earlier one created, and "created" for what it deleted',
    family: "durability",
    must: "P1",
    timeoutMs: long,
    needs: ["reopen"],
    async run({ store, restart }) {
      await createAll(store, ["a/stays", ...gone]);
      await deleteAll(store, gone);
      const later = await restart();
      const cause = "the keys that are taken known only to the client that created them";
      await expectExists(later, "a/stays", utf8("of the later client"), cause);
      await expectBody(later, "a/stays", utf8("a/stays"), cause);
      await createAll(later, gone, () => utf8("anew"));
      await forEach(gone, (key) => expectBody(later, key, utf8("anew"), cause));
    },
  },
  {
    id: "durability.unclosed",
    title: "what was created and deleted is so for a later client, although the first was never closed",
    family: "durability",
    must: "P1",
    timeoutMs: long,
    needs: ["reopen", "severalClients"],
    async run({ store, secondClient }) {
      await createAll(store, [...staying, ...gone], bodyOf);
      await deleteAll(store, gone);
      const later = await secondClient();
      await expectKept(later);
      await forEach(gone, (key) => expectAbsent(later, key, early));
    },
  },
  {
    id: "durability.again",
    title: "what was created is there for the second client after a restart too, and for the third",
    family: "durability",
    must: "P1",
    timeoutMs: long,
    needs: ["reopen"],
    async run({ store, restart, secondClient }) {
      await createAll(store, staying, bodyOf);
      await expectKept(await restart());
      await expectKept(await secondClient());
    },
  },
];

async function expectKept(later: ObjectStore): Promise<void> {
  await forEach(staying, (key) => expectBody(later, key, bodyOf(key), early));
  await expectKeys(later, "", staying, early);
}

function bodyOf(key: string): Uint8Array {
  return pattern(20_000, key.length);
}
