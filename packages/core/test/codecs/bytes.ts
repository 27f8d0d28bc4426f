/** Bytes that compress a little, the same for each length: every fourth is alike, the others are noise. */
export function mixedBytes(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let state = 1;
  for (let index = 0; index < length; index++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[index] = index % 4 === 0 ? 7 : state >>> 24;
  }
  return bytes;
}
