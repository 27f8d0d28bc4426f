const { setImmediate: soon = setTimeout } = globalThis as { setImmediate?: (then: () => void) => unknown };

/** Lets other work of the process run: the rest of a long computation goes on in a later turn of the event loop. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => void soon(resolve));
}

/** The bytes that one turn hashes, copies or hands over: a few milliseconds of work. */
export const turnBytes: number = 2 ** 19;
