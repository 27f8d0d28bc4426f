/** What the user typed cannot be done. Its message says why and what to type; nothing was written. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
