import type { ObjectStore } from "../../../store.ts";
import { createAll, deleteAll, listAll, nextIteration, show } from "../operations.ts";
import { numbered } from "../several-pages.ts";
import { expect, long, type StoreCase } from "../store-case.ts";

const prefix = "_row/";
/** Keys beside the row, on either side of it: looking at so many names takes a store a while. */
const neighbours = 200;
const pauses = 8;
const bursts = 4;
/** Listings at once: each takes its names, then waits for the others, and the row moves on although its writes are slow. */
const crowd = 8;

/** Whether a page can leave out both a key and the one that was created before that key was deleted. */
export const wholeListingCases: readonly StoreCase[] = [
  {
    id: "list.whole-declared",
    title: "a store declares wholeListings if its harness says so, and only then",
    family: "list",
    must: "L8",
    timeoutMs: long,
    async run({ store, saysWholeListings }) {
      expect(
        (store.wholeListings === true) === saysWholeListings,
        `wholeListings is ${show(store.wholeListings)}, and the harness ${saysWholeListings ? "says" : "does not say"} that it is declared`,
        "a harness without wholeListings, so that the cases of L8 are skipped for a store that declares it",
      );
    },
  },
  {
    id: "list.whole",
    title:
      "a listing beside creates of the next key and deletes of the last shows none lower than was there when it began",
    family: "list",
    must: "L8",
    timeoutMs: long,
    needs: ["wholeListings"],
    async run({ store }) {
      // Behind the row: a listing that asks for another page would else go on for as long as the row does.
      await createAll(store, [`${prefix}z`]);
      await follow(store, store, { rounds: pauses * bursts, listings: 1 });
    },
  },
  {
    id: "list.whole-clients",
    title: "so do eight of another client at once, among 400 other keys",
    family: "list",
    must: "L8",
    timeoutMs: long,
    needs: ["reopen", "severalClients", "wholeListings"],
    async run({ store, secondClient }) {
      await createAll(store, [
        ...numbered(neighbours, (number) => `${prefix}a-${number}`),
        ...numbered(neighbours, (number) => `${prefix}z-${number}`),
      ]);
      await follow(store, await secondClient(), { rounds: pauses, listings: crowd });
    },
  },
];

/** Keys with ascending numbers. The next is created before the last is deleted, so that one is always there. */
class Row {
  readonly #client: ObjectStore;
  /** Known to have been created; the one before it may still be there. */
  highest = 0;
  #isLastDeleted = true;

  constructor(client: ObjectStore) {
    this.#client = client;
  }

  /** Creates the next key, or deletes the one before the highest, in turns. */
  async step(): Promise<void> {
    if (this.#isLastDeleted) {
      await createAll(this.#client, [keyOf(this.highest + 1)]);
      this.highest += 1;
    } else {
      await deleteAll(this.#client, [keyOf(this.highest - 1)]);
    }
    this.#isLastDeleted = !this.#isLastDeleted || this.highest === 1;
  }
}

/**
 * Lists while the row moves on. Each round has another schedule: the row waits for some iterations of the event loop,
 * then takes some steps in each of them until the listings have ended.
 */
async function follow(
  writer: ObjectStore,
  lister: ObjectStore,
  { rounds, listings }: { readonly rounds: number; readonly listings: number },
): Promise<void> {
  const row = new Row(writer);
  await row.step();
  for (let round = 0; round < rounds; round += 1) {
    const progress = { isOver: false };
    const end = (): void => {
      progress.isOver = true;
    };
    const looks = Promise.all(Array.from({ length: listings }, () => look(lister, row.highest)));
    looks.then(end, end);
    for (let pause = round % pauses; pause > 0; pause -= 1) await nextIteration();
    const burst = 1 + (Math.trunc(round / pauses) % bursts);
    do {
      for (let step = 0; step < burst; step += 1) await row.step();
      await nextIteration();
    } while (!progress.isOver);
    await looks;
  }
}

async function look(lister: ObjectStore, highest: number): Promise<void> {
  const { keys } = await listAll(lister, prefix);
  const listed = keys.filter((key) => key.startsWith(`${prefix}row-`));
  expect(
    listed.length > 0,
    `none of a row of keys of which one was there at each moment; ${show(keyOf(highest))} was there when the listing began`,
    "the names taken first, and those left out that are gone when they are looked at",
  );
  expect(
    listed.some((key) => key >= keyOf(highest)),
    `${show(listed)}, though ${show(keyOf(highest))} was there when the listing began and was not deleted before a higher one was created`,
    "the names looked at one after another, or a page that is of several moments",
  );
}

function keyOf(number: number): string {
  return `${prefix}row-${String(number).padStart(16, "0")}`;
}
