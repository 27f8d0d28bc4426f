import type { Seen } from "./messages.ts";

const encoder = new TextEncoder();

/** The bytes that a process creates a key with: no two processes have the same, at no place. */
export function bodyOf(writer: number, key: string, bytes: number): Uint8Array {
  const line = encoder.encode(`${writer} wrote ${key}\n`);
  const body = new Uint8Array(Math.max(bytes, line.length));
  body.set(line);
  // Doubled, and not line by line: a body of 1 MiB is to be made at once.
  for (let filled = line.length; filled < body.length; filled *= 2)
    body.copyWithin(filled, 0, Math.min(filled, body.length - filled));
  return body;
}

/** Whose body it is, if it is one of them and whole. */
export function seenOf(body: Uint8Array | undefined, key: string, bytes: number): Seen {
  if (body === undefined) return { writer: undefined };
  const writer = Number(
    /^(\d+) wrote /.exec(new TextDecoder().decode(body.subarray(0, 20)))?.[1] ?? Number.NaN,
  );
  if (Number.isNaN(writer)) return { fault: `${body.length} bytes that no process wrote` };
  const whole = bodyOf(writer, key, bytes);
  if (body.length !== whole.length)
    return { fault: `${body.length} of the ${whole.length} bytes of process ${writer}` };
  if (Buffer.compare(body, whole) !== 0)
    return { fault: `bytes of process ${writer} among those of another` };
  return { writer };
}
