/**
 * Runs sides of a row in turns, and says how they compare and what else ran on the machine
 * meanwhile.
 */
import { readdirSync, readFileSync } from "node:fs";
import { availableParallelism, loadavg } from "node:os";

/** What one run measured, by name: `us`, `cpuUs`, `ms` … Lower is better. */
export type Figures = Readonly<Record<string, number>>;

/** A side that is ready to run. */
export interface Side {
  readonly run: () => Promise<Figures>;
  readonly end: () => Promise<void>;
}

/** Why a side cannot run here. */
export interface Skip {
  readonly skip: string;
}

export interface SideOf {
  readonly name: string;
  readonly start: () => Promise<Side | Skip>;
}

export interface Row {
  /** What `--only` is matched with: `s3/create-4KiB`. */
  readonly id: string;
  readonly title: string;
  /** How the sides differ, and what they ran on. Asked once they have run. */
  readonly notes?: () => readonly string[];
  /** The figures that are shown, and their heads. */
  readonly columns: Readonly<Record<string, string>>;
  /** Ours first. */
  readonly sides: readonly SideOf[];
  /** Whether each run is of a process of its own. */
  readonly isFresh?: boolean;
  /** Of rows that take long: fewer than were asked for. */
  readonly maxRounds?: number;
}

export interface SideResult {
  readonly name: string;
  /** One value a round, by the figure's name. */
  readonly figures: Readonly<Record<string, readonly number[]>>;
  readonly skip?: string;
}

export interface RowResult {
  readonly id: string;
  readonly sides: readonly SideResult[];
  readonly load: Load | undefined;
}

/** What ran beside a row. */
export interface Load {
  /** Of the last minute, at the row's end. */
  readonly average: number;
  /** How many CPUs, on average, ran anything but this process and its descendants. */
  readonly others: number;
  readonly cpus: number;
}

/** Runs each side once a round. Each round begins with another side: running first favours none. */
export async function runRow(row: Row, rounds: number): Promise<RowResult> {
  const load = new LoadMeter();
  const sides = row.sides.map((side) => new Turn(side, row.isFresh === true));
  try {
    for (const side of sides) await side.prepare();
    const running = sides.filter((side) => side.skip === undefined);
    for (let round = 0; round < Math.min(rounds, row.maxRounds ?? rounds); round += 1) {
      const first = round % Math.max(1, running.length);
      for (const side of [...running.slice(first), ...running.slice(0, first)]) await side.run();
    }
  } finally {
    for (const side of sides) await side.end();
  }
  return { id: row.id, sides: sides.map((side) => side.result()), load: load.read() };
}

/** A side that takes its turns. */
class Turn {
  readonly #side: SideOf;
  readonly #isFresh: boolean;
  readonly #runs: Figures[] = [];
  #ready: Side | undefined;
  skip: string | undefined;

  constructor(side: SideOf, isFresh: boolean) {
    this.#side = side;
    this.#isFresh = isFresh;
  }

  async prepare(): Promise<void> {
    const started = await this.#side.start();
    if ("skip" in started) this.skip = started.skip;
    else this.#ready = started;
  }

  async run(): Promise<void> {
    if (this.#ready === undefined) await this.prepare();
    if (this.#ready === undefined) throw new Error(`${this.#side.name} could not start again: ${this.skip}`);
    this.#runs.push(await this.#ready.run());
    if (this.#isFresh) await this.end();
  }

  async end(): Promise<void> {
    await this.#ready?.end();
    this.#ready = undefined;
  }

  result(): SideResult {
    const { name } = this.#side;
    return { name, figures: byName(this.#runs), ...(this.skip === undefined ? {} : { skip: this.skip }) };
  }
}

function byName(runs: readonly Figures[]): Record<string, number[]> {
  const names = Object.keys(runs[0] ?? {});
  return Object.fromEntries(names.map((name) => [name, runs.map((run) => run[name] ?? Number.NaN)]));
}

export interface Spread {
  readonly median: number;
  readonly lower: number;
  readonly upper: number;
}

/** The ratios of ours to a peer's, each of two values of the same round: their median and quartiles. */
export function ratioOf(ours: readonly number[], peers: readonly number[]): Spread {
  return spreadOf(ours.map((value, round) => value / (peers[round] ?? Number.NaN)));
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((left, right) => left - right);
  return { median: quantile(sorted, 0.5), lower: quantile(sorted, 0.25), upper: quantile(sorted, 0.75) };
}

/** Between two values in proportion. */
function quantile(sorted: readonly number[], part: number): number {
  const at = (sorted.length - 1) * part;
  const below = sorted[Math.floor(at)] ?? Number.NaN;
  const above = sorted[Math.ceil(at)] ?? Number.NaN;
  return below + (above - below) * (at - Math.floor(at));
}

/** CPU time in ticks, of which a second has 100. */
export interface Ticks {
  readonly all: number;
  readonly own: number;
  readonly cpus: number;
}

/** The CPUs that others used between two readings. */
export function othersOf(before: Ticks, after: Ticks, seconds: number): number {
  const ticks = after.all - before.all - (after.own - before.own);
  return Math.max(0, ticks / 100 / seconds);
}

/** Measures what ran beside this process and its descendants since it was made. */
class LoadMeter {
  readonly #started: number = performance.now();
  readonly #before: Ticks | undefined = readTicks();

  /** `undefined` on a system without `/proc`. */
  read(): Load | undefined {
    const after = readTicks();
    if (this.#before === undefined || after === undefined) return undefined;
    const others = othersOf(this.#before, after, (performance.now() - this.#started) / 1_000);
    return { average: loadavg()[0] ?? Number.NaN, others, cpus: after.cpus };
  }
}

function readTicks(): Ticks | undefined {
  if (process.platform !== "linux") return undefined;
  const own = ownTicks(process.pid, readProcesses());
  return { all: busyTicks(readFileSync("/proc/stat", "utf8")), own, cpus: availableParallelism() };
}

/** All but idle and waiting of the first line of `/proc/stat`; guests are counted in user and nice. */
export function busyTicks(stat: string): number {
  const [, user = 0, nice = 0, system = 0, , , irq = 0, soft = 0, steal = 0] = (stat.split("\n")[0] ?? "")
    .split(/\s+/)
    .map(Number);
  return user + nice + system + irq + soft + steal;
}

export interface ProcessTicks {
  readonly parent: number;
  /** Its own, and its children's that have ended. */
  readonly ticks: number;
}

/** Of a process and all that descend from it. */
export function ownTicks(pid: number, processes: ReadonlyMap<number, ProcessTicks>): number {
  let total = processes.get(pid)?.ticks ?? 0;
  for (const [child, { parent }] of processes) if (parent === pid) total += ownTicks(child, processes);
  return total;
}

/** Reads a line of `/proc/PID/stat`. The name, in parentheses, may hold anything. */
export function parseProcess(stat: string): ProcessTicks {
  const fields = stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .map(Number);
  const [, parent = 0] = fields;
  const ticks = fields.slice(11, 15).reduce((sum, each) => sum + each, 0);
  return { parent, ticks };
}

function readProcesses(): Map<number, ProcessTicks> {
  const processes = new Map<number, ProcessTicks>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const stat = readIfThere(`/proc/${name}/stat`);
    if (stat !== undefined) processes.set(Number(name), parseProcess(stat));
  }
  return processes;
}

/** A process may end between the listing and the reading. */
function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const code: unknown = Reflect.get(Object(error), "code");
    if (code === "ENOENT" || code === "ESRCH") return undefined;
    throw error;
  }
}
