/** How requests share the turns of the event loop: many that come at once keep neither the service nor each other waiting. */
import { turnBytes } from "@state/core/adapter";

/** From here on a body is large: a few of them fill a turn. */
const largeBytes = 16 * 1024;
const largeOutcomes = 4;
/** As it is now: a test that replaces it while a request waits would leave all others waiting. */
const { setImmediate: soon } = globalThis;

/** Of the bodies that this turn has begun to hash. */
let begunBytes = 0;

/**
 * Waits for a turn that has room for a body to be hashed: at most 512 KiB a turn, or one body. The first of many are sent
 * while others wait, and other work of the process runs.
 */
export async function roomToHash(bytes: number): Promise<void> {
  if (bytes < largeBytes) return;
  const hashed = Math.min(bytes, turnBytes);
  if (begunBytes > 0 && begunBytes + hashed > turnBytes) {
    await new Promise((resolve) => void soon(resolve));
    return roomToHash(bytes);
  }
  if (begunBytes === 0)
    soon(() => {
      begunBytes = 0;
    });
  begunBytes += hashed;
}

const waiting: (() => void)[] = [];

/**
 * To be waited for between a response that undici has had and its outcome. A connection can be used again one turn after its
 * response: whoever was told at once, and made the next request, would open another.
 *
 * A request is sent one turn after it was made. If the outcomes of many large bodies were told in one turn, then as many
 * bodies would be copied and hashed before the first of them was sent. Four a turn keep both sides at work.
 *
 * @param bytes of the body that was sent
 */
export function undiciTurn(bytes: number): Promise<void> {
  return new Promise((resolve) => {
    if (bytes < largeBytes) soon(resolve);
    else if (waiting.push(resolve) === 1) soon(tellLarge);
  });
}

function tellLarge(): void {
  for (const tell of waiting.splice(0, largeOutcomes)) tell();
  if (waiting.length > 0) soon(tellLarge);
}
