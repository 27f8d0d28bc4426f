import assert from "node:assert/strict";
import type { BackendEvent } from "../../../events.ts";
import { isStateError } from "../../../errors.ts";
import type { Sequence } from "../sequence.ts";
import { type Actor, restored, type World } from "../world.ts";

/** Prunes that a backend makes by itself, beside seals, successors and `close`. */
export const automaticPruneSequences: readonly Sequence[] = [
  {
    id: "A01",
    title: "a leader that was opened to keep two seals keeps two, however their numbers run",
    rules: ["keep-counts-nothing-but-seals"],
    async run(world) {
      const { leader, prunes } = await keeping(world, 2);
      for (const epoch of [1, 3, 10, 11]) {
        await leader.seal(epoch, { 0: `${epoch}` });
        await prunes.next();
      }
      await leader.backend.close();
      assert.deepEqual(prunes.ended, ["floor 0", "floor 1", "floor 3", "floor 10"]);
      assert.deepEqual(await sealed(world), [10, 11]);
    },
  },
  {
    id: "A02",
    verifyObjects: true,
    title: "a leader that keeps many prunes after its first epoch, and then once for each half of them",
    rules: ["one-automatic-prune-at-a-time"],
    async run(world) {
      const before = await world.lead("A", 1);
      for (const epoch of [1, 2, 3, 4, 5, 6, 7]) await before.seal(epoch, { 0: `${epoch}` });
      const { leader, prunes } = await keeping(world, 6, 2);
      for (const epoch of [8, 9, 10, 11, 12, 13, 14]) {
        await leader.seal(epoch, { 0: `${epoch}` });
        if ([8, 11, 14].includes(epoch)) await prunes.next();
      }
      await leader.backend.close();
      assert.deepEqual(prunes.ended, ["floor 3", "floor 6", "floor 9"]);
    },
  },
  {
    id: "A03",
    title:
      "a slow prune holds no seal up, takes nothing that a later one names, and is followed by one for all",
    rules: ["one-automatic-prune-at-a-time", "named-objects-are-kept"],
    async run(world) {
      const { leader, prunes } = await keeping(world, 1);
      await leader.seal(1, { 0: "one", 1: "unchanged" });
      await prunes.next();
      const deletes = leader.store.hold(/^delete epoch=1\/_COMMIT/);
      await leader.seal(2, { 0: "two" }, [1]);
      await deletes.arrived;
      for (const epoch of [3, 4, 5]) await leader.seal(epoch, { 0: `${epoch}` }, [1]);
      assert.deepEqual(await sealed(world), [2, 3, 4, 5]);
      deletes.release();
      await prunes.next();
      await prunes.next();
      assert.deepEqual(prunes.ended, ["floor 1", "floor 2", "floor 5"]);
      assert.deepEqual(await sealed(world), [5]);
      assert.equal(await restored(await leader.backend.latest(), 1), "unchanged");
    },
  },
  {
    id: "A04",
    title: "a prune that fails fails no seal: it is an event, and the next epoch starts another",
    rules: ["failed-automatic-prune-is-an-event", "failed-automatic-prune-is-tried-again"],
    async run(world) {
      const { leader, prunes } = await keeping(world, 4);
      leader.store.refuse("list ", "Denied");
      await leader.seal(1, { 0: "one" });
      await prunes.next();
      await leader.seal(2, { 0: "two" });
      await prunes.next();
      await leader.seal(3, { 0: "three" });
      leader.store.lose(/^create _control\/floor/);
      await leader.seal(4, { 0: "four" });
      await prunes.next();
      await leader.seal(5, { 0: "five" });
      await prunes.next();
      assert.deepEqual(prunes.ended, ["StoreFailed", "floor 0", "OutcomeUnknown", "floor 2"]);
      assert.deepEqual(await sealed(world), [2, 3, 4, 5]);
    },
  },
  {
    id: "A05",
    verifyObjects: true,
    title: "a leader that was deposed before its prune looks prunes nothing",
    rules: ["fence-before-prune", "failed-automatic-prune-is-an-event"],
    async run(world) {
      const { leader: zombie, prunes } = await keeping(world, 1);
      await zombie.seal(1, { 0: "one" });
      await prunes.next();
      const look = zombie.store.hold("list ");
      await zombie.seal(2, { 0: "two" });
      await look.arrived;
      const successor = await world.lead("B", 2);
      await successor.seal(3, { 0: "three" });
      look.release();
      await prunes.next();
      assert.deepEqual(prunes.ended, ["floor 1", "StaleVersion"]);
      assert.deepEqual(await sealed(world), [1, 2, 3]);
    },
  },
  {
    id: "A06",
    verifyObjects: true,
    title: "a leader that is deposed while its prune runs takes nothing that its successor's seals name",
    rules: ["named-objects-are-kept", "prune-stops-without-its-newest-seal"],
    async run(world) {
      const { leader: zombie, prunes } = await keeping(world, 1);
      await zombie.seal(1, { 0: "one", 1: "unchanged" });
      await prunes.next();
      const floor = zombie.store.hold("create _control/floor=0000000000000002");
      await zombie.seal(2, { 0: "two" }, [1]);
      await floor.arrived;
      const successor = await world.lead("B", 2);
      await successor.seal(3, { 0: "three" }, [1]);
      await successor.seal(4, { 0: "four" }, [1]);
      await successor.backend.prune({ keep: 1 });
      floor.release();
      await prunes.next();
      assert.deepEqual(await sealed(world), [4]);
      const base = await successor.backend.latest();
      assert.equal(await restored(base, 0), "four");
      assert.equal(await restored(base, 1), "unchanged");
    },
  },
  {
    id: "A07",
    title: "close waits for the prune that runs, and starts none for an epoch that is under way",
    rules: ["close-waits-for-the-automatic-prune"],
    async run(world) {
      const { leader, prunes } = await keeping(world, 1);
      await leader.seal(1, { 0: "one" });
      await prunes.next();
      const deletes = leader.store.hold(/^delete epoch=1\/_COMMIT/);
      await leader.seal(2, { 0: "two" });
      await deletes.arrived;
      const seal = leader.store.hold("create epoch=3/_COMMIT");
      const underWay = leader.seal(3, { 0: "three" });
      await seal.arrived;
      let closed = false;
      const close = leader.backend.close().then(() => (closed = true));
      await seal.finish();
      await underWay;
      assert.equal(await world.commit(1), "seal");
      assert.equal(closed, false);
      deletes.release();
      await close;
      assert.deepEqual(prunes.ended, ["floor 1", "floor 2"]);
      assert.deepEqual(await sealed(world), [2, 3]);
    },
  },
  {
    id: "A08",
    title: "without a claimed version nothing is pruned by itself",
    rules: ["retention-needs-a-fence"],
    async run(world) {
      const prunes = new Prunes();
      const instance = await world.open("A", { retention: { keep: 1 }, onEvent: prunes.onEvent });
      for (const epoch of [1, 2, 3]) await instance.seal(epoch, { 0: `${epoch}` });
      await instance.backend.close();
      assert.deepEqual(prunes.ended, []);
      assert.deepEqual(await sealed(world), [1, 2, 3]);
    },
  },
];

/** How each automatic prune ended, in order: `floor 5`, or the code of its error. */
class Prunes {
  readonly ended: string[] = [];
  readonly #waiting: (() => void)[] = [];
  #seen = 0;

  readonly onEvent = (event: BackendEvent): void => {
    if (event.type !== "retention") return;
    const code = event.outcome === "failed" && isStateError(event.error) ? event.error.code : "no StateError";
    this.ended.push(event.outcome === "pruned" ? `floor ${event.report.floor}` : code);
    this.#waiting.shift()?.();
  };

  /** Resolves when one more prune has ended. */
  async next(): Promise<void> {
    this.#seen += 1;
    if (this.ended.length < this.#seen) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}

/** A leader that keeps so many seals by itself. */
async function keeping(
  world: World,
  keep: number,
  version = 1,
): Promise<{ readonly leader: Actor; readonly prunes: Prunes }> {
  const prunes = new Prunes();
  const leader = await world.lead("A", version, { retention: { keep }, onEvent: prunes.onEvent });
  return { leader, prunes };
}

/** What is sealed, as an observer sees it. */
async function sealed(world: World): Promise<readonly number[]> {
  return (await world.open("observer", { readOnly: true })).backend.sealedEpochs();
}
