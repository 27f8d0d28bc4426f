import type { RestartableServer } from "@state/servers";
import { Changes } from "./changes.ts";
import type { Cluster } from "./cluster.ts";
import { Feeder } from "./feeder.ts";
import { Journal, type Refusal } from "./journal.ts";
import type { Blow, Report, Struck } from "./messages.ts";
import type { Options } from "./options.ts";
import { PartitionBoard } from "./partition-board.ts";
import { nameOf } from "./strike-names.ts";
import type { Strike } from "./strike-plan.ts";
import { Way } from "./way.ts";

export interface ChaosOptions {
  readonly options: Options;
  readonly cluster: Cluster;
  /** The broker, if it is ours to be struck. */
  readonly server: RestartableServer | undefined;
  readonly sessionTimeoutMs: number;
  readonly store: string;
  readonly files: string;
  readonly usualStore: string;
  readonly scratch: string;
  readonly say: (line: string) => void;
  readonly onStruck: (journal: Journal) => void;
}

/** So many records may be ahead of what is sealed. */
const recordsAhead = 1_500;

/** Refusals of the store, and of Kafka. */
const refusals: ReadonlySet<string> = new Set([
  "StaleVersion",
  "EpochAborted",
  "EpochPruned",
  "SplitBrainCommit",
  "OutputFenced",
]);

/** Runs both ways under one plan, until everything that was fed is sealed. */
export class Chaos {
  readonly journal = new Journal();
  readonly #given: ChaosOptions;
  readonly #changes = new Changes();
  readonly #board: PartitionBoard;
  readonly #usualPositions: number[];
  readonly #exact: Way;
  readonly #usual: Way;
  /** The blow that was ordered and has not struck yet. */
  #ordered: { readonly number: number; readonly blow: Blow } | undefined;
  /** Waits for the next process that is struck. */
  #struck: ((name: string, message: Struck) => void) | undefined;
  /** Hears the reports of a process that was woken up. */
  #zombie: { readonly name: string; hear(message: Report): void } | undefined;
  #isOver = false;

  constructor(given: ChaosOptions) {
    this.#given = given;
    const { cluster, sessionTimeoutMs, store, files, usualStore, scratch } = given;
    this.#board = new PartitionBoard(cluster.partitions);
    this.#usualPositions = cluster.numbers.map(() => 0);
    const common = { brokers: cluster.brokers, input: cluster.input, sessionTimeoutMs, files, scratch };
    this.#exact = new Way({
      file: "worker.ts",
      name: "worker",
      settings: { ...common, groupId: cluster.groupId, output: cluster.output, store },
      onReport: (name, message) => this.#hear(name, message),
      onEnd: (name, end) => {
        if (end === "SIGKILL") return;
        this.journal.ends.push(`${name}: ${end}`);
        // Whoever was to be struck has a successor, which is to be struck.
        if (this.#ordered !== undefined && name.startsWith(`worker-${this.#ordered.number}.`))
          this.#exact.strikeNext(this.#ordered.number, this.#ordered.blow);
        given.say(`  ${name} ended by itself, and is replaced: ${firstLine(end)}`);
      },
    });
    this.#usual = new Way({
      file: "usual-worker.ts",
      name: "usual",
      settings: { ...common, groupId: cluster.usualGroupId, output: cluster.usualOutput, store: usualStore },
      onReport: (_, message) => {
        if (message.type !== "at") return;
        const before = this.#usualPositions[message.partition] ?? 0;
        this.#usualPositions[message.partition] = Math.max(before, message.next);
        this.#changes.notify();
      },
      onEnd: (name, end) => {
        if (end !== "SIGKILL") this.journal.usualEnds.push(`${name}: ${end}`);
      },
    });
  }

  async run(plan: readonly Strike[]): Promise<void> {
    const { cluster, options } = this.#given;
    const feeder = await Feeder.open(cluster);
    try {
      for (let number = 0; number < options.workers; number++) this.#startBoth(number);
      const feeding = this.#feed(feeder);
      for (const strike of plan) {
        await this.#changes.until(
          `${strike.record} records sealed`,
          () => this.#board.sealed >= strike.record,
        );
        await this.#carryOut(strike);
        this.#given.onStruck(this.journal);
      }
      this.#isOver = true;
      this.#changes.notify();
      await feeding;
      await this.#changes.until("the input fed", () => true);
    } finally {
      // After a failure it may be in the middle of a request, which then fails too, and says nothing more.
      await Promise.allSettled([feeder.close()]);
    }
    await this.#drain();
  }

  /** Ends `run` with a rejection. */
  interrupt(): void {
    this.#changes.fail(new Error("interrupted"));
  }

  /** Kills what is left. */
  async end(): Promise<void> {
    await Promise.all([this.#exact.kill(), this.#usual.kill()]);
  }

  async #feed(feeder: Feeder): Promise<void> {
    try {
      await feeder.run(async () => {
        const isDone = (): boolean => this.#isOver && feeder.fed >= this.#given.options.records;
        const hasRoom = (): boolean => feeder.fed - this.#board.sealed < recordsAhead;
        await this.#changes.until("room for records", () => isDone() || hasRoom());
        return !isDone();
      });
    } catch (error) {
      this.#changes.fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** Waits until all is sealed, then has the processes end in order. */
  async #drain(): Promise<void> {
    const { cluster } = this.#given;
    const ends = await cluster.ends(cluster.input);
    const haveReached = (positions: readonly number[]): boolean =>
      ends.every((end, partition) => (positions[partition] ?? 0) >= end);
    await this.#changes.until("everything sealed", () => haveReached(this.#board.positions));
    await this.#changes.until("the usual way at the end", () => haveReached(this.#usualPositions));
    const ended = await Promise.all([this.#exact.dismissAll(), this.#usual.dismissAll()]);
    for (const end of ended[0]) if (end !== "exit code 0") this.journal.ends.push(`at the end: ${end}`);
  }

  #startBoth(number: number): string {
    this.#usual.start(number);
    return this.#exact.start(number).name;
  }

  async #carryOut(strike: Strike): Promise<void> {
    switch (strike.type) {
      case "kill":
        return this.#kill(strike);
      case "pause":
        return this.#pause(strike);
      case "add":
        return this.#add(strike);
      case "remove":
        return this.#remove(strike);
      case "restart the broker":
      case "kill the broker":
        return this.#strikeBroker(strike);
    }
  }

  async #kill(strike: Extract<Strike, { type: "kill" }>): Promise<void> {
    const { victim, point, nth, successor } = strike;
    let [name] = await this.#blow(victim, { action: "kill", point, nth });
    // Its replacement starts when the kill itself is noticed, which is later than what it reported before.
    if (successor !== undefined) this.#exact.strikeNext(victim, { action: "kill", point: successor, nth: 1 });
    const partitions = new Set(this.#board.heldBy(name));
    this.#usual.process(victim).kill("SIGKILL");
    if (successor !== undefined) {
      [name] = await this.#nextStruck(`worker ${victim} at ${successor}`);
      for (const partition of this.#board.heldBy(name)) partitions.add(partition);
      this.#usual.process(victim).kill("SIGKILL");
    }
    await this.#recover(strike, name, [...partitions]);
  }

  async #pause(strike: Extract<Strike, { type: "pause" }>): Promise<void> {
    const { victim, point, nth } = strike;
    const [name, struck] = await this.#blow(victim, { action: "pause", point, nth });
    const zombie = this.#exact.process(victim);
    const usual = this.#usual.process(victim);
    usual.kill("SIGSTOP");
    const since = performance.now();
    const partitions = this.#board.heldBy(name);
    await this.#untilSealed(name, partitions, since);
    const recoveryMs = performance.now() - since;
    let refusal: Refusal | undefined;
    let wentOn: string | undefined;
    this.#zombie = {
      name,
      hear: (message) => {
        if (!("partition" in message) || !struck.partitions.includes(message.partition)) return;
        if (refusal !== undefined || wentOn !== undefined) return;
        if ((message.type === "failed" || message.type === "abandoned") && refusals.has(message.code))
          refusal = message;
        else if (message.type !== "not committed for display")
          wentOn = `${message.type} p=${message.partition} ${"message" in message ? message.message : ""}`;
      },
    };
    usual.kill("SIGCONT");
    zombie.kill("SIGCONT");
    await this.#changes.until(
      `${name}, which was woken up at ${point}, is refused`,
      () => refusal !== undefined || wentOn !== undefined,
    );
    this.#zombie = undefined;
    this.journal.struck.push({ strike, who: name, partitions, recoveryMs, refusal });
    this.#given.say(
      refusal === undefined
        ? `  ${name} was woken up and NOT REFUSED: ${wentOn}`
        : `  ${name} was woken up and refused, ${refusal.code}: ${refusal.message}`,
    );
  }

  async #add(strike: Strike): Promise<void> {
    const { workers } = this.#given.options;
    const since = performance.now();
    const name = this.#startBoth(workers);
    await this.#changes.until(`${name} has sealed`, () => this.#board.hasSealed(name));
    this.#note(strike, name, this.#board.heldBy(name), since);
  }

  async #remove(strike: Strike): Promise<void> {
    const { workers } = this.#given.options;
    const { name } = this.#exact.process(workers);
    const partitions = this.#board.heldBy(name);
    const since = performance.now();
    const [end] = await Promise.all([this.#exact.dismiss(workers), this.#usual.dismiss(workers)]);
    if (end !== "exit code 0") this.journal.ends.push(`${name}, told to end: ${end}`);
    await this.#untilSealed(name, partitions, since);
    this.#note(strike, name, partitions, since);
  }

  async #strikeBroker(strike: Strike): Promise<void> {
    const { server, cluster } = this.#given;
    if (server === undefined) throw new Error("the broker is not ours");
    this.#given.say(`  ${nameOf(strike)}`);
    const since = performance.now();
    if (strike.type === "kill the broker") await server.kill();
    await server.restart();
    const up = performance.now();
    await this.#changes.until("all partitions released after the broker's restart", () =>
      this.#board.haveReleasedSince(up),
    );
    this.#note(strike, "the broker", cluster.numbers, since);
  }

  /** Orders a blow, and waits until it has struck. */
  async #blow(number: number, blow: Blow): Promise<[string, Struck]> {
    const struck = this.#nextStruck(`worker ${number} at ${blow.point}`);
    this.#ordered = { number, blow };
    this.#exact.process(number).order({ type: "strike", blow });
    try {
      return await struck;
    } finally {
      this.#ordered = undefined;
    }
  }

  async #nextStruck(what: string): Promise<[string, Struck]> {
    let struck: [string, Struck] | undefined;
    this.#struck = (name, message) => {
      struck = [name, message];
      const { action, point } = message.blow;
      this.#given.say(`  ${name}: ${action === "kill" ? "SIGKILL" : "SIGSTOP"} at ${point}`);
    };
    await this.#changes.until(what, () => struck !== undefined);
    this.#struck = undefined;
    if (struck === undefined) throw new Error(`not struck: ${what}`);
    return struck;
  }

  async #recover(strike: Strike, name: string, partitions: readonly number[]): Promise<void> {
    const since = performance.now();
    await this.#untilSealed(name, partitions, since);
    this.#note(strike, name, partitions, since);
  }

  async #untilSealed(name: string, partitions: readonly number[], since: number): Promise<void> {
    await this.#changes.until(`p=${partitions.join(", ")} of ${name} sealed by another`, () =>
      this.#board.haveSealedSince(partitions, since, name),
    );
  }

  #note(strike: Strike, who: string, partitions: readonly number[], since: number): void {
    this.journal.struck.push({ strike, who, partitions, recoveryMs: performance.now() - since });
  }

  #hear(name: string, message: Report): void {
    this.journal.take(message);
    this.#board.take(name, message);
    if (message.type === "struck") this.#struck?.(name, message);
    if (this.#zombie?.name === name) this.#zombie.hear(message);
    this.#changes.notify();
  }
}

/** The line of an uncaught error that names it. */
function firstLine(text: string): string {
  return text.split("\n").find((line) => /Error.*: /.test(line)) ?? text;
}
