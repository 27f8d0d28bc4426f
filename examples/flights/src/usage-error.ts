/** A mistake in the command line. The message is for its author. */
export class UsageError extends Error {}
