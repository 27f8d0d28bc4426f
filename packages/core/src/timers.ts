/** `setTimeout` keeps its delay in 32 bits, with a sign: one that is longer fires at once. */
export const maxTimerMs: number = 2 ** 31 - 1;
