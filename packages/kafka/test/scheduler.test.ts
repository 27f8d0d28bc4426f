import { expect, test } from "vitest";
import { type Checkpointed, Scheduler } from "../src/scheduler.ts";
import { VirtualClock } from "./support/virtual-clock.ts";

/** A partition whose seal ends when the test says so. */
class Partition implements Checkpointed {
  readonly name: string;
  dirtySince: number | undefined;
  urgent = false;
  readonly #sealed: string[];
  #end: (() => void) | undefined;

  constructor(name: string, dirtySince: number, sealed: string[]) {
    this.name = name;
    this.dirtySince = dirtySince;
    this.#sealed = sealed;
  }

  checkpoint(): Promise<void> {
    this.#sealed.push(this.name);
    this.dirtySince = undefined;
    return new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  end(): void {
    this.#end?.();
  }
}

test("seals the partition that is dirty for the longest time first, so many at once as there are slots", async () => {
  const clock = new VirtualClock();
  const scheduler = new Scheduler({ slots: 2, everyMs: 100, clock });
  const sealed: string[] = [];
  await clock.pass(50);
  const partitions = [30, 10, 40, 20].map((since) => new Partition(`p${since}`, since, sealed));
  for (const partition of partitions) scheduler.add(partition);
  expect(sealed).toEqual([]);
  await clock.pass(100);
  expect(sealed).toEqual(["p10", "p20"]);
  partitions[1]?.end();
  await clock.settle();
  expect(sealed).toEqual(["p10", "p20", "p30"]);
  partitions[3]?.end();
  await clock.settle();
  expect(sealed).toEqual(["p10", "p20", "p30", "p40"]);
});

test("seals a partition once at a time, however dirty it is", async () => {
  const clock = new VirtualClock();
  const scheduler = new Scheduler({ slots: 4, everyMs: 100, clock });
  const sealed: string[] = [];
  const partition = new Partition("p", 0, sealed);
  scheduler.add(partition);
  await clock.pass(100);
  partition.dirtySince = 100;
  partition.urgent = true;
  scheduler.consider();
  await clock.pass(1_000);
  expect(sealed).toEqual(["p"]);
  partition.end();
  await clock.settle();
  expect(sealed).toEqual(["p", "p"]);
});

test("an urgent partition, and all of them after a flush, do not wait for the interval", async () => {
  const clock = new VirtualClock();
  const scheduler = new Scheduler({ slots: 4, everyMs: 100, clock });
  const sealed: string[] = [];
  const [urgent, patient] = [new Partition("urgent", 0, sealed), new Partition("patient", 0, sealed)];
  urgent.urgent = true;
  scheduler.add(urgent);
  scheduler.add(patient);
  expect(sealed).toEqual(["urgent"]);
  scheduler.flush();
  expect(sealed).toEqual(["urgent", "patient"]);
});

test("openings take half of the slots at most, so that long restores do not keep the others from sealing", async () => {
  const clock = new VirtualClock();
  const scheduler = new Scheduler({ slots: 2, everyMs: 0, clock });
  const opened: string[] = [];
  const sealed: string[] = [];
  const restores = ["a", "b"].map((name) => {
    const end = Promise.withResolvers<void>();
    const ended = scheduler.open(async () => {
      opened.push(name);
      await end.promise;
    });
    return { end, ended };
  });
  scheduler.add(new Partition("p", 0, sealed));
  expect(opened).toEqual(["a"]);
  expect(sealed).toEqual(["p"]);
  restores[0]?.end.resolve();
  await restores[0]?.ended;
  await clock.settle();
  expect(opened).toEqual(["a", "b"]);
});

test("an opening that throws at once rejects, and leaves its slot to the next", async () => {
  const clock = new VirtualClock();
  const scheduler = new Scheduler({ slots: 1, everyMs: 0, clock });
  const ended = scheduler.open(() => {
    throw new Error("not held any more");
  });
  await expect(ended).rejects.toThrow("not held any more");
  await expect(scheduler.open(async () => "opened")).resolves.toBe("opened");
});
