/** A side throws it where it has to be left out: a library that does not load on this machine. */
export class CannotRun extends Error {}
