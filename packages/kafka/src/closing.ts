import type { JobSettings } from "./options.ts";
import type { TopicPartition } from "./record.ts";

/** What a tenure has opened. */
export interface Closable {
  close?(): void | Promise<void>;
}

/** A client that does not end must not keep the partition from being opened again. */
const patienceMs = 10_000;

/**
 * Closes all, whatever one of them does. What fails, or takes longer than ten seconds, is told as an event: what the
 * partition has sealed is sealed, and an error that has led here is the one that counts.
 */
export async function closeAll(
  { clock, onEvent }: Pick<JobSettings, "clock" | "onEvent">,
  partition: TopicPartition,
  all: readonly (Closable | undefined)[],
): Promise<void> {
  const ended = new AbortController();
  const late = clock.sleep(patienceMs, ended.signal).then(
    () => {
      throw new Error(`it was not closed within ${patienceMs} ms`);
    },
    () => undefined,
  );
  await Promise.all(
    all.map(async (each) => {
      try {
        await Promise.race([Promise.resolve(each?.close?.()), late]);
      } catch (error) {
        onEvent({ type: "not-closed", partition, error });
      }
    }),
  );
  ended.abort();
}
