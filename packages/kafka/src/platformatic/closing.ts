import { setTimeout as sleep } from "node:timers/promises";

/**
 * Closes a client from which nothing more is wanted. Never rejects, and waits only so long: what it was used for has ended
 * before, and an error of that is the one that counts.
 */
export async function closeQuietly(
  client: { close(force: boolean): Promise<void> },
  withinMs = 10_000,
): Promise<void> {
  const ended = new AbortController();
  const late = sleep(withinMs, undefined, { signal: ended.signal });
  await Promise.allSettled([Promise.race([client.close(true), late])]);
  ended.abort();
  await Promise.allSettled([late]);
}
