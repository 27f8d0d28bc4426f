import { createAll } from "../patience.ts";
import { halves, type Race } from "./race.ts";

const prefix = "listing/";
const staying = Array.from({ length: 120 }, (_, number) => `${prefix}${String(number).padStart(3, "0")}`);
const bytes = 33;

export const listingRace: Race = {
  id: "race.listing",
  title: "a key that is there throughout is listed once, while other processes create and delete beside it",
  must: "L1: A listing gives each key that is there throughout exactly once, with its exact size.",
  meaning:
    "A restore, a takeover or a prune can miss a seal, a fence or a floor that is there: an old epoch is taken for the newest one, or what is needed is deleted.",
  share: 0.15,
  async run({ crew, store, findings, forMs }) {
    await createAll(store, staying, bytes);
    const [churning, watching] = halves(crew);
    const [changes, listings] = await Promise.all([
      Promise.all(churning.map((worker) => worker.ask({ name: "churn", prefix, staying, forMs }))),
      Promise.all(watching.map((worker) => worker.ask({ name: "watch", prefix, staying, bytes, forMs }))),
    ]);
    for (const each of [...changes, ...listings]) findings.addAll(each);
    return { listings: sum(listings), changes: sum(changes), keys: staying.length };
  },
};

function sum(all: readonly { readonly count: number }[]): number {
  return all.reduce((total, { count }) => total + count, 0);
}
