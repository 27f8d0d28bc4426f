import type { ObjectStore } from "../../store.ts";
import { short } from "./case.ts";
import type { StoreCase } from "./case.ts";
import { createAll, deleteAll, expectAbsent, expectBody, expectSame, listAll, utf8 } from "./operations.ts";

export const freshnessCases: readonly StoreCase[] = [
  {
    id: "freshness.own",
    title: "get and list see every create and delete of their own client at once",
    family: "freshness",
    must: "R1",
    timeoutMs: short,
    run: ({ store }) => follow(store, store),
  },
  {
    id: "freshness.clients",
    title: "get and list see every create and delete of another client at once",
    family: "freshness",
    must: "R1",
    timeoutMs: short,
    needs: "reopen",
    async run({ store, secondClient }) {
      const second = await secondClient();
      await follow(store, second);
      await follow(second, store);
    },
  },
];

/** Each answer is asked for before the write too, so that one who remembers answers is found out. */
async function follow(writer: ObjectStore, reader: ObjectStore): Promise<void> {
  const cause = "an answer from a cache, or from a replica that lags";
  for (const round of [1, 2, 3]) {
    const key = `epoch=1/vnode=${round}/partial.bin`;
    await expectListed(reader, []);
    await expectAbsent(reader, key, cause);
    await createAll(writer, [key]);
    await expectBody(reader, key, utf8(key), cause);
    await expectListed(reader, [key]);
    await deleteAll(writer, [key]);
    await expectAbsent(reader, key, cause);
    await expectListed(reader, []);
  }
}

async function expectListed(reader: ObjectStore, keys: readonly string[]): Promise<void> {
  const cause = "a listing from a cache, or from an index that lags";
  expectSame((await listAll(reader, "epoch=1/")).keys, keys, "a listing after the write", cause);
  const folders = keys.map((key) => key.slice(0, key.lastIndexOf("/") + 1));
  const { prefixes } = await listAll(reader, "epoch=1/", { delimiter: "/" });
  expectSame(prefixes, folders, "the folders after the write", cause);
}
