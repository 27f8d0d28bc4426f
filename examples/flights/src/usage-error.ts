/** What is wrong with the command line, in words for its author. */
export class UsageError extends Error {}
