type Bytes = Uint8Array<ArrayBuffer>;

/** What a backend takes of a cut at least, and at most four times as much. */
const minBytes = 65_536;
const maxBytes = 4 * minBytes;
/** One position in 32,768 is a boundary: pieces of 96 KiB on average. */
const mask = 0xff_fe_00_00;

const gear = randomWords();

/**
 * Cuts a stream where its content says: a gear hash, as FastCDC has it, of the last 32 bytes. A boundary depends on these
 * bytes and on where the piece began, so that after a change the boundaries are soon the old ones again.
 */
export async function* gearCut(source: AsyncIterable<Uint8Array>): AsyncGenerator<Bytes, void, undefined> {
  const piece = new Uint8Array(maxBytes);
  let length = 0;
  let hash = 0;
  for await (const bytes of source) {
    for (let at = 0; at < bytes.length;) {
      // The first bytes of a piece cannot end it: only the last 32 of them count in the hash.
      const skipped = Math.min(Math.max(0, minBytes - 32 - length), bytes.length - at);
      piece.set(bytes.subarray(at, at + skipped), length);
      at += skipped;
      length += skipped;
      for (let isOver = false; !isOver && at < bytes.length; at += 1) {
        const byte = bytes[at] ?? 0;
        piece[length] = byte;
        length += 1;
        hash = ((hash << 1) + (gear[byte] ?? 0)) | 0;
        isOver = length === maxBytes || (length >= minBytes && (hash & mask) === 0);
        if (!isOver) continue;
        yield piece.subarray(0, length);
        length = 0;
        hash = 0;
      }
    }
  }
  if (length > 0) yield piece.subarray(0, length);
}

/** Numbers of xorshift32. */
function randomWords(): Int32Array {
  const words = new Int32Array(256);
  let state = 1;
  for (let index = 0; index < words.length; index += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[index] = state;
  }
  return words;
}
