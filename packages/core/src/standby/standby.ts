import { checkAmount, checkFunction, checkObject, signalOf } from "../arguments.ts";
import { isStateError } from "../errors.ts";
import { retryPolicy } from "../retry.ts";
import type { StateBackend, Takeover } from "../state-backend.ts";
import { maxTimerMs } from "../timers.ts";

/** This process's time. Nobody else's is compared with it. */
export interface StandbyClock {
  /** Milliseconds on a clock that does not go back. */
  now(): number;
  /** Resolves after `ms`; rejects with the signal's reason as soon as it aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export interface StandbyOptions {
  /**
   * How long nothing new is seen before it takes over, in milliseconds: 1 to 2^30. The wait is drawn anew each time, from
   * this up to one and a half times as long, so that several standbys do not all come at once. Choose it longer than the
   * longest epoch, with the longest pause of a leader that is to keep its office.
   */
  readonly patienceMs: number;
  /**
   * The pause between two looks, in milliseconds: 1 to `patienceMs`. The last one is cut short, so that it ends with the
   * patience. Default: a quarter of `patienceMs`.
   */
  readonly everyMs?: number | undefined;
  /** Ends it: it rejects with the signal's reason. A takeover that was under way may have deposed the leader. */
  readonly signal?: AbortSignal | undefined;
  /** Default: `performance.now` and `setTimeout`. */
  readonly clock?: StandbyClock | undefined;
  /** From 0 up to 1. Default: `Math.random`. */
  readonly random?: (() => number) | undefined;
}

/** The office, and what the new leader goes on from. */
export interface StandbyTakeover extends Takeover {
  /** The version that it claimed: for its writes, and for its workers. */
  readonly version: number;
}

/**
 * Watches who leads, and takes over once nobody has given a sign of life for a while. A sign of life is a newer seal, or a
 * newer fence: a leader that has just taken over has sealed nothing yet.
 *
 * It is for liveness alone. If it is wrong, because the leader was slow, then the leader is refused by the fence, and loses
 * what it had not sealed. Where nothing was sealed and no version claimed, it takes over at once: there is nobody to
 * disturb, and of several that come at once one gets the version.
 *
 * - Somebody else is faster, with the same version or a higher one: it goes on watching.
 * - The store is out of reach: it goes on, and the leader has all of its patience once the store responds again. Such
 *   failures are told to the backend's `onEvent`.
 * - This process starts again: its patience starts anew. What an earlier life of it claimed counts as anybody's.
 *
 * A look sends 5 requests: 6 as long as no epoch was pruned, and one for each further epoch above the newest seal that was
 * seen, if no listing has a second page. Where nothing is sealed a look sends 4; the first one sends 3, and one for each of
 * the 8 highest epochs.
 *
 * ```ts
 * const { version, base, nextEpoch } = await standby(backend, { patienceMs: 10_000 });
 * ```
 *
 * @param backend not read-only; it leads once this resolves, as if its `takeover` was called
 * @throws `StateError`: what `takeover`, `control` and `latestCommittedEpoch` reject with, unless it is `StaleVersion` or
 *   `retryable`. `TypeError`, `RangeError` for bad arguments, before anything is sent
 */
export async function standby(backend: StateBackend, options: StandbyOptions): Promise<StandbyTakeover> {
  checkObject("backend", backend);
  return new Watch(backend, checked(options)).run();
}

interface Checked {
  readonly patienceMs: number;
  readonly everyMs: number;
  readonly signal: AbortSignal | undefined;
  readonly now: () => number;
  readonly sleep: StandbyClock["sleep"];
  readonly random: () => number;
}

function checked(options: StandbyOptions): Checked {
  checkObject("options", options);
  const { patienceMs, clock, random } = options;
  checkAmount("patienceMs", patienceMs, 1, (maxTimerMs + 1) / 2);
  const everyMs = options.everyMs ?? Math.max(1, patienceMs / 4);
  checkAmount("everyMs", everyMs, 1, patienceMs);
  if (clock !== undefined) {
    checkObject("clock", clock);
    for (const name of ["now", "sleep"] as const) checkFunction(`clock.${name}`, clock[name] ?? null);
  }
  checkFunction("random", random);
  const given = { ...(clock && { now: () => clock.now(), sleep: clock.sleep.bind(clock) }) };
  const policy = retryPolicy({ ...given, ...(random && { random }) });
  return { patienceMs, everyMs, signal: signalOf(options), ...policy };
}

/** What one look has shown. */
interface Seen {
  readonly fence: number;
  /** The newest sealed epoch; -1: none. */
  readonly newest: number;
}

class Watch {
  readonly #backend: StateBackend;
  readonly #options: Checked;
  #seen: Seen = { fence: 0, newest: -1 };
  /** The version of a takeover of ours of which the outcome is not known. */
  #claiming: number | undefined;
  /** The highest version that stood in our way: where fences are lost, the newest seal has it. */
  #refusedBy = 0;
  /** When the last sign of life was seen, and how long to wait from there. `undefined`: the store is out of reach. */
  #waiting: { readonly since: number; readonly ms: number } | undefined;

  constructor(backend: StateBackend, options: Checked) {
    this.#backend = backend;
    this.#options = options;
  }

  async run(): Promise<StandbyTakeover> {
    const { now, sleep, everyMs, signal } = this.#options;
    for (;;) {
      signal?.throwIfAborted();
      const started = now();
      const look = await this.#look();
      if (look !== undefined && this.#isVacant(look, started)) {
        const taken = await this.#takeover();
        if (taken !== undefined) return taken;
      }
      const left = this.#waiting === undefined ? everyMs : this.#waiting.since + this.#waiting.ms - now();
      await sleep(left > 0 ? Math.min(everyMs, left) : everyMs, signal);
    }
  }

  /** @returns what is there now; `undefined`: the store is out of reach */
  async #look(): Promise<Seen | undefined> {
    const { signal } = this.#options;
    try {
      const [{ fence }, newest] = await Promise.all([this.#backend.control({ signal }), this.#newest()]);
      return { fence, newest };
    } catch (error) {
      this.#rethrowUnlessPassing(error);
      // The leader did not reach it either, and needs its time once it does.
      this.#waiting = undefined;
      return undefined;
    }
  }

  async #newest(): Promise<number> {
    const { signal } = this.#options;
    const after = this.#seen.newest;
    try {
      if (after >= 0) return (await this.#backend.sealedEpochs({ after }, { signal })).at(-1) ?? after;
    } catch (error) {
      // What is damaged below the newest seal does not stop the leader. Whether it is below says the search from above.
      const { code } = isStateError(error) ? error : {};
      if (code !== "Corrupt" && code !== "UnknownFormat") throw error;
    }
    return (await this.#backend.latestCommittedEpoch({ signal })) ?? -1;
  }

  /** Whether it is time to take over, by what a look has shown that began at `started`. */
  #isVacant(look: Seen, started: number): boolean {
    const { now, random, patienceMs } = this.#options;
    const before = this.#seen;
    const { fence, newest } = look;
    this.#seen = look;
    // Nobody has ever led.
    if (fence === 0 && newest < 0) return true;
    // Our fence is there, and shuts everybody else out: only we can go on.
    if (fence === this.#claiming) return true;
    if (fence > (this.#claiming ?? 0)) this.#claiming = undefined;
    const isAlive = fence > before.fence || newest > before.newest;
    if (isAlive || this.#waiting === undefined) {
      this.#waiting = { since: now(), ms: patienceMs * (1 + random() / 2) };
      return false;
    }
    // Silence is what this look shows: it ends when the look begins. If this process slept since, then nobody did so.
    return started - this.#waiting.since >= this.#waiting.ms;
  }

  async #takeover(): Promise<StandbyTakeover | undefined> {
    const least = Math.max(this.#refusedBy, this.#backend.authoritativeVersion);
    const claiming = this.#claiming ?? 0;
    // A fence of ours is there, or on its way: the same version is claimed again, so that there is one.
    const version = claiming > least ? claiming : Math.max(this.#seen.fence, least) + 1;
    this.#claiming = version;
    try {
      const taken = await this.#backend.takeover({ version }, { signal: this.#options.signal });
      return { ...taken, version };
    } catch (error) {
      if (isStateError(error) && error.code === "StaleVersion") {
        // Somebody was faster: the next look shows its fence, which is a sign of life.
        this.#refusedBy = Math.max(this.#refusedBy, error.version ?? 0);
        this.#claiming = undefined;
        return undefined;
      }
      this.#rethrowUnlessPassing(error);
      return undefined;
    }
  }

  /** An abort is not of the store, whatever the error is that it has led to. */
  #rethrowUnlessPassing(error: unknown): void {
    this.#options.signal?.throwIfAborted();
    if (!isStateError(error) || !error.retryable) throw error;
  }
}
