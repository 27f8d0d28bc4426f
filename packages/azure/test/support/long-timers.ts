/** A clock for all timers of a second or more, such as idle time-outs. Shorter ones run as they do. */
export interface LongTimers extends Disposable {
  /** How many are waiting. */
  readonly waiting: number;
  /** How long the clock was moved on, in milliseconds. */
  readonly passed: number;
  /** When the last one was set, on this clock. */
  readonly lastSet: number;
  advance(ms: number): void;
}

export function takeLongTimers(): LongTimers {
  const { setTimeout: realSet, clearTimeout: realClear } = globalThis;
  const timers = new Map<object, { readonly at: number; readonly run: () => void }>();
  let now = 0;
  let lastSet = 0;
  const set = (run: () => void, ms = 0): object => {
    if (ms < 1_000) return realSet(run, ms);
    const timer = { unref: () => timer, ref: () => timer };
    lastSet = now;
    timers.set(timer, { at: now + ms, run });
    return timer;
  };
  const clear = (timer: object | undefined): void => {
    if (timer === undefined || timers.delete(timer)) return;
    realClear(timer as ReturnType<typeof realSet>);
  };
  Object.assign(globalThis, { setTimeout: set, clearTimeout: clear });
  return {
    get waiting() {
      return timers.size;
    },
    get lastSet() {
      return lastSet;
    },
    get passed() {
      return now;
    },
    advance: (ms) => {
      now += ms;
      for (const [timer, { at, run }] of timers) {
        if (at > now) continue;
        timers.delete(timer);
        run();
      }
    },
    [Symbol.dispose]: () => {
      Object.assign(globalThis, { setTimeout: realSet, clearTimeout: realClear });
    },
  };
}
