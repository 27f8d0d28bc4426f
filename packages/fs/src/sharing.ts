interface Run<T> {
  readonly ended: Promise<T>;
  /** The run after this one, if somebody waits for it. */
  next: Promise<T> | undefined;
}

/**
 * Work on a path that callers share. Whoever comes while it runs waits for the next run, which starts when this
 * one has ended. So each caller gets a run that started after the caller came, as if it were its own.
 *
 * @param failure whom it concerns if a run fails: its own callers, or those too who wait for the next one
 */
export function sharing<T>(
  work: (path: string) => Promise<T>,
  failure: "own" | "waiting",
): (path: string) => Promise<T> {
  const runs = new Map<string, Run<T>>();
  const start = (path: string): Promise<T> => {
    const ended = work(path);
    runs.set(path, { ended, next: undefined });
    const forget = (): boolean => runs.delete(path);
    ended.then(forget, forget);
    return ended;
  };
  // If there is a run by then, it started after the last one had ended.
  const startOrJoin = (path: string): Promise<T> => runs.get(path)?.ended ?? start(path);
  return (path) => {
    const run = runs.get(path);
    if (run === undefined) return start(path);
    const again = (): Promise<T> => startOrJoin(path);
    run.next ??= run.ended.then(again, failure === "own" ? again : undefined);
    return run.next;
  };
}
