/** Counts the turns of the event loop from here on. */
export function countTurns(): { readonly count: () => number; readonly stop: () => void } {
  let turns = 0;
  let isOver = false;
  const next = (): void => {
    turns += 1;
    if (!isOver) setImmediate(next);
  };
  setImmediate(next);
  return {
    count: () => turns,
    stop: () => {
      isOver = true;
    },
  };
}
