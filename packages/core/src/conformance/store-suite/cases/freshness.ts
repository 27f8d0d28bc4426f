import type { ObjectStore } from "../../../store.ts";
import { expect, long, short } from "../store-case.ts";
import type { StoreCase } from "../store-case.ts";
import {
  createAll,
  deleteAll,
  difference,
  expectAbsent,
  expectBody,
  expectKeys,
  expectSame,
  forEach,
  listAll,
  nextIteration,
  pattern,
  show,
  utf8,
} from "../operations.ts";

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
    needs: ["reopen", "severalClients"],
    async run({ store, secondClient }) {
      const second = await secondClient();
      await follow(store, second);
      await follow(second, store);
    },
  },
  {
    id: "freshness.loser",
    title: 'of 20 racing callers each one that gets "exists" can read the winner\'s bytes at once',
    family: "freshness",
    must: "R1",
    timeoutMs: short,
    async run({ store }) {
      for (const round of [1, 2, 3]) {
        const key = `epoch=${round}/_COMMIT`;
        const bodies = Array.from({ length: 20 }, (_, caller) => pattern(20_000 + caller, caller));
        await forEach(bodies, async (body) => {
          if ((await store.create(key, body)) === "created") return;
          const seen = await store.get(key);
          const isWhole = bodies.some((each) => difference(seen, each) === undefined);
          expect(
            isWhole,
            `get(${JSON.stringify(key)}) gave a loser ${seen === undefined ? "nothing" : `${seen.length} bytes of nobody's`}`,
            "the name reserved before the body is there: a loser reads the winner's seal back at once",
          );
        });
      }
    },
  },
  {
    id: "freshness.concurrent",
    title: "after 60 creates and then 30 deletes at once, get and list see each of them",
    family: "freshness",
    must: "R1",
    timeoutMs: short,
    async run({ store }) {
      const cause = "an index that is read, changed and written back by several at once";
      const keys = Array.from({ length: 60 }, (_, number) => `epoch=1/vnode=${100 + number}/partial.bin`);
      await Promise.all(keys.map((key) => createAll(store, [key])));
      await forEach(keys, (key) => expectBody(store, key, utf8(key), cause));
      await expectListed(store, keys);
      const [going, staying] = [keys.slice(0, 30), keys.slice(30)];
      await Promise.all(going.map((key) => deleteAll(store, [key])));
      await forEach(going, (key) => expectAbsent(store, key, cause));
      await forEach(staying, (key) => expectBody(store, key, utf8(key), cause));
      await expectListed(store, staying);
    },
  },
  {
    id: "freshness.listed",
    title:
      "what a listing names while creates are under way, get gives at once: whole, and of the size listed",
    family: "freshness",
    must: "R2",
    timeoutMs: long,
    async run({ store }) {
      const bodies = lengths.map((length) => pattern(length));
      for (let round = 0; round < rounds; round += 1) {
        const prefix = `round/${round}/`;
        const created = new Map(bodies.map((body) => [`${prefix}${body.length}/body.bin`, body]));
        const progress = { isOver: false };
        const end = (): void => {
          progress.isOver = true;
        };
        const creating = Promise.all([...created].map(([key, body]) => createAll(store, [key], () => body)));
        creating.then(end, end);
        // Another schedule each round: the first listing is asked for that many iterations after the creates.
        for (let pause = round; pause > 0; pause -= 1) await nextIteration();
        do {
          await readListed(store, prefix, created);
          await nextIteration();
        } while (!progress.isOver);
        await creating;
        await readListed(store, prefix, created);
      }
    },
  },
];

const rounds = 8;
/** Of bodies that are created at once: a long one takes long to write, and a short one's name comes early. */
const lengths = [2, 100, 1_000, 10_000, 100_000, 2 ** 20];

/** Gets what each page names as soon as the page is there. */
async function readListed(
  store: ObjectStore,
  prefix: string,
  bodies: ReadonlyMap<string, Uint8Array>,
): Promise<void> {
  const cause = "the name and size written before the body: write the body first, or both in one transaction";
  for await (const { objects } of store.list(prefix)) {
    await Promise.all(
      objects.map(async ({ key, size }) => {
        const fault = difference(await store.get(key), bodies.get(key) ?? new Uint8Array());
        expect(fault === undefined, `list named ${show(key)}, and get gave ${fault}`, cause);
        const length = bodies.get(key)?.length;
        expect(size === length, `list gave ${show(key)} a size of ${size}, and get ${length} bytes`, cause);
      }),
    );
  }
}

/** Each read is made before the write too: a store that caches responses is found out. */
async function follow(writer: ObjectStore, reader: ObjectStore): Promise<void> {
  const cause = "a response from a cache, or from a replica that lags";
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
  await expectKeys(reader, "epoch=1/", keys, cause);
  const folders = keys.map((key) => key.slice(0, key.lastIndexOf("/") + 1));
  const { prefixes } = await listAll(reader, "epoch=1/", { delimiter: "/" });
  expectSame(prefixes.toSorted(), folders.toSorted(), "the folders after the write", cause);
}
